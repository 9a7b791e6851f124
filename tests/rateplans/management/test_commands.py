"""import_rates and price_call, as an operator runs them."""

import json
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, ManagementUtility, call_command

from rateplans.models import RateImport, RatePlan
from tests import sizes
from tests.rateplans.steps import HOUR, NOON, load, prices

ROOT = Path(__file__).parents[3]
GOOD = "prefix,destination,per minute,connection charge,initial increment,increment\n44,United Kingdom,0.02,0.01,60,6\n4420,London,0.06,0,1,1\n"


@pytest.fixture
def rates(tmp_path: Path) -> Path:
    file = tmp_path / "rates.csv"
    file.write_text(GOOD)
    return file


def run(command: str, *words: object) -> str:
    out = StringIO()
    call_command(command, *(str(word) for word in words), stdout=out, stderr=StringIO())
    return out.getvalue()


def ending(words: list[str], *, program: bool) -> tuple[int, str]:
    """Exit code and errors of a command that is run as a program, or parsed as one in this process."""
    if program:
        ended = subprocess.run([sys.executable, "manage.py", *words], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
        return ended.returncode, ended.stderr
    argv, errors = ["manage.py", *words], StringIO()
    with redirect_stdout(StringIO()), redirect_stderr(errors), pytest.raises(SystemExit) as ended_here:
        ManagementUtility(argv).fetch_command(words[0]).run_from_argv(argv)
    return int(ended_here.value.code or 0), errors.getvalue()


def price(*words: object, plan: str = "Standard") -> str:
    return run("price_call", "--reseller", "acme", "--plan", plan, *words)


def test_a_file_makes_the_plan_in_the_resellers_currency(acme: Any, rates: Path) -> None:
    assert run("import_rates", "--reseller", "Acme", "--plan", "Standard", rates) == "“Standard” version 1: 2 rates (2 new).\n"
    plan = RatePlan.objects.get()
    assert (plan.name, plan.currency, plan.versions.get().valid_from) == ("Standard", "GBP", None)


def test_a_file_can_be_dated_back_and_not_ahead(acme: Any, rates: Path) -> None:
    run("import_rates", "--reseller", "acme", "--plan", "Standard", rates)
    rates.write_text("prefix,destination,per minute\n81,Japan,0.09\n")
    run("import_rates", "--reseller", "acme", "--plan", "Standard", rates, "--add", "--in-force-from", "2026-10-03T09:00")
    version = RatePlan.objects.get().versions.first()
    assert version is not None
    assert (version.number, version.valid_from, sorted(prices(version))) == (2, datetime(2026, 10, 3, 8, tzinfo=UTC), ["44", "4420", "81"])

    for moment, problem in (("2099-01-01T00:00", "Choose a moment that has begun"), ("soon", "“soon” is no moment")):
        with pytest.raises(CommandError, match=problem):
            run("import_rates", "--reseller", "acme", "--plan", "Standard", rates, "--in-force-from", moment)
    assert RatePlan.objects.get().versions.count() == 2


def test_json_says_what_was_done(acme: Any, rates: Path) -> None:
    answer = json.loads(run("import_rates", "--reseller", "acme", "--plan", "Standard", rates, "--json"))
    assert answer == {
        "plan": "Standard",
        "version": 1,
        "rates": 2,
        "new": 2,
        "removed": 0,
        "kept": 0,
        "dearer": 0,
        "cheaper": 0,
        "altered": 0,
        "unchanged": 0,
        "errors": [],
        "errors_left_out": 0,
    }


def test_a_dry_run_changes_nothing(acme: Any, rates: Path) -> None:
    said = run("import_rates", "--reseller", "acme", "--plan", "Standard", rates, "--dry-run")
    assert said == "“Standard” would get 2 rates: 2 new. Nothing was changed.\n"
    assert (RatePlan.objects.count(), RateImport.objects.count()) == (0, 0)


def test_a_bad_file_names_each_row_and_changes_nothing(acme: Any, rates: Path) -> None:
    rates.write_text(GOOD + "33,France,dear\n,Spain,0.1,0,1,1\n")
    errors = StringIO()
    with pytest.raises(CommandError, match=r"2 errors in the file; nothing was changed\."):
        call_command("import_rates", "--reseller", "acme", "--plan", "Standard", str(rates), stderr=errors)
    assert errors.getvalue().splitlines() == ["line 4: The row has 3 cells, the header has 6.", "line 5, prefix: The cell is empty."]
    assert (RatePlan.objects.count(), RateImport.objects.count()) == (0, 0)


def test_add_keeps_what_is_not_in_the_file(standard: Any, rates: Path) -> None:
    rates.write_text("prefix,destination,per minute\n33,France,0.03\n")
    run("import_rates", "--reseller", "acme", "--plan", "standard", "--add", rates)
    assert sorted(prices(standard.versions.first())) == ["33", "44", "4420"]
    assert RatePlan.objects.count() == 1


def test_without_add_the_file_replaces(standard: Any, rates: Path) -> None:
    rates.write_text("prefix,destination,per minute\n33,France,0.03\n")
    run("import_rates", "--reseller", "acme", "--plan", "Standard", rates)
    assert sorted(prices(standard.versions.first())) == ["33"]


def test_a_file_that_is_not_there_is_one_clear_line(acme: Any, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be read: No such file or directory"):
        run("import_rates", "--reseller", "acme", "--plan", "Standard", tmp_path / "none.csv")


def test_a_reseller_that_is_not_there_is_one_clear_line(acme: Any, rates: Path) -> None:
    with pytest.raises(CommandError, match=r"There is no reseller “Nobody”\."):
        run("import_rates", "--reseller", "Nobody", "--plan", "Standard", rates)


def test_a_price_in_json_has_exactly_these_keys(standard: Any) -> None:
    assert json.loads(price("--number", "+44 151 496 0123", "--seconds", 61, "--json")) == {
        "price": "0.0320",
        "currency": "GBP",
        "prefix": "44",
        "destination": "United Kingdom",
        "billed_seconds": 66,
        "steps": [
            {"label": "matched", "text": "Matched rate 44 United Kingdom", "value": "44"},
            {"label": "talked", "text": "Talked 1 min 1 s", "value": "61"},
            {"label": "increments", "text": "Increments 60/6: 66 s billed", "value": "66"},
            {"label": "usage", "text": "66 s at 0.0200 a minute", "value": "0.0220"},
            {"label": "connection", "text": "Connection charge 0.0100", "value": "0.0100"},
            {"label": "price", "text": "Price, rounded once", "value": "0.0320"},
        ],
    }


def test_a_price_for_people(standard: Any) -> None:
    assert price("--number", "442079460991", "--seconds", 61).splitlines() == [
        "price           0.0610",
        "currency        GBP",
        "prefix          4420",
        "destination     London",
        "billed_seconds  61",
        "steps",
        "  Matched rate 4420 London: 4420",
        "  Talked 1 min 1 s: 61",
        "  Increments 1/1: 61 s billed: 61",
        "  61 s at 0.0600 a minute: 0.0610",
        "  Price, rounded once: 0.0610",
    ]


@pytest.mark.rel(22)
@pytest.mark.parametrize(
    ("at", "expected"),
    [("2001-01-01T00:00", "0.0600"), ("2026-11-21T12:59:59.999999+00:00", "0.0600"), ("2026-11-21T13:00:00Z", "0.5000"), ("2026-11-21T08:00-05:00", "0.5000")],
)
def test_the_version_valid_at_the_moment_counts(standard: Any, at: str, expected: str) -> None:
    load(standard, b"prefix,destination,per minute\n4420,London,0.50\n", at=NOON + HOUR)
    assert json.loads(price("--number", "442079460991", "--seconds", 60, "--at", at, "--json"))["price"] == expected


def test_a_time_without_offset_is_the_resellers(standard: Any) -> None:
    load(standard, b"prefix,destination,per minute\n4420,London,0.50\n", at=NOON.replace(month=7))
    for at, expected in (("2026-07-21T12:59", "0.0600"), ("2026-07-21T13:00", "0.5000")):
        assert json.loads(price("--number", "442079460991", "--seconds", 60, "--at", at, "--json"))["price"] == expected


@pytest.mark.parametrize(
    ("number", "line"),
    [("33144960123", "“Standard” has no rate for 33144960123."), ("0151496", "That is not an international number: 7 to 15 digits, country code first.")],
)
def test_without_a_rate_there_is_one_clear_line(standard: Any, number: str, line: str) -> None:
    with pytest.raises(CommandError) as refused:
        price("--number", number, "--seconds", 60)
    assert str(refused.value) == line


def test_a_plan_that_is_not_there_is_one_clear_line(acme: Any) -> None:
    with pytest.raises(CommandError, match=r"“Acme” has no rate plan “Gold”\."):
        price("--number", "442079460991", "--seconds", 60, plan="Gold")


@pytest.mark.parametrize(
    ("words", "code", "last"),
    [
        (["price_call", "--reseller", "nobody", "--plan", "x", "--number", "1", "--seconds", "1"], 1, "There is no reseller “nobody”."),
        (["price_call", "--reseller", "acme"], 2, "the following arguments are required: --plan, --number, --seconds"),
        (["price_call", "--reseller", "acme", "--plan", "x", "--number", "1", "--seconds", "-1"], 2, "“-1” is not a whole number of seconds"),
        (["price_call", "--reseller", "acme", "--plan", "x", "--number", "1", "--seconds", "1", "--at", "noon"], 2, "“noon” is not a time such as"),
        (["import_rates", "--help"], 0, ""),
    ],
)
def test_exit_codes_of_the_program(acme: Any, words: list[str], code: int, last: str) -> None:
    said_by_the_parser = code != 1
    ended, errors = ending(words, program=sizes.FULL or not said_by_the_parser)
    assert ended == code
    assert last in (errors.splitlines() or [""])[-1]
    assert "Traceback" not in errors
