"""The kinds of bad file through every import there is: told by line, column and reason, and decks and ledger stay as they were (reliability 85, §4)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import transaction
from django_tenants.utils import schema_context

from billing_portal.tenancy.domain import exchange_files
from customers.models import AccountCode, Customer
from invoicing.domain import ledger_check
from invoicing.models import Call, WaitingCall
from rateplans.domain import large_files, rates_file
from rateplans.models import RateImport, RatePlan
from tests.support import bad_files, tables, world
from tests.support.bad_files import Sheet
from tests.support.jobs import run_jobs
from tests.support.people import client, user

pytestmark = [pytest.mark.django_db, pytest.mark.rel(85)]
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
TO = "442079460123"
HEADER = ("call_id", "account", "to", "setup_at", "answered_at", "ended_at", "seconds", "note")


def call(call_id: str = "c1", **given: str) -> tuple[str, ...]:
    """A row of a good file of calls."""
    at = "2026-10-03T09:00:00Z"
    row = dict(zip(HEADER, (call_id, "anna-100", TO, at, at, "", "60", "x"), strict=True))
    return tuple((row | given).values())


def asterisk(number: int) -> tuple[str, ...]:
    at = f"2026-10-03 09:0{number}:00"
    channel = ("anna-100", "1001", TO, "ctx", "clid", "SIP/1001-00000001", "", "Dial", "x")
    return (*channel, at, at, f"2026-10-03 09:0{number}:59", "60", "60", "ANSWERED", "DOCUMENTATION", f"17{number}.1", "")


CALLS = Sheet(HEADER, (call("c1"), call("c2")), text=7, key=0)
ASTERISK = Sheet((), (asterisk(1), asterisk(2)), text=4, key=16)
RATES = Sheet(("prefix", "destination", "per minute"), (("44", "United Kingdom", "0.02"), ("33", "France", "0.03")), text=1, key=0)
BANK = Sheet(("Date", "USD", "GBP"), (("2026-11-20", "1.1573", "0.85"), ("2026-11-19", "1.16", "0.86")), text=1, key=0)


@pytest.fixture
def anna(acme: Any, time_machine: Any) -> Customer:
    """A customer whose calls are rated; another reseller has one too."""
    time_machine.move_to(NOW, tick=False)
    with schema_context("globex"):
        AccountCode.objects.create(code="theirs-1", customer=world.customer("Theirs Inc", on=world.plan()))
    made = world.customer("Anna Ltd", on=world.plan())
    AccountCode.objects.create(code="anna-100", customer=made)
    return made


@contextmanager
def undone() -> Iterator[None]:
    """Whatever is written within is taken back."""
    begun = transaction.savepoint()
    yield
    transaction.savepoint_rollback(begun)


def take_in(content: bytes, folder: Path, format_: str | None) -> str:
    """What `import_calls` says of the file, its refusal at the end."""
    file, out = folder / "calls.csv", StringIO()
    file.write_bytes(content)
    try:
        call_command("import_calls", str(file), reseller="acme", format=format_, stdout=out)
    except CommandError as refused:
        return f"{out.getvalue()}{refused}"
    return out.getvalue()


def ledger() -> dict[str, str]:
    return tables.sums(but=("invoicing_waitingcall", "invoicing_callbatch", "invoicing_callkey", "accounts_switch"))


@pytest.mark.parametrize(("format_", "sheet"), [("csv", CALLS), ("asterisk", ASTERISK)])
@pytest.mark.parametrize("guessed", [False, True])
def test_calls_are_read_however_the_file_was_saved(anna: Customer, tmp_path: Path, format_: str, sheet: Sheet, guessed: bool) -> None:
    for kind, content in bad_files.readable(sheet):
        with undone():
            assert take_in(content, tmp_path, None if guessed else format_) == "2 records: 2 rated\n", kind
            assert not any("\ufffd" in str(row) for row in Call.objects.values_list("extra", flat=True)), kind


ARCHIVE = "calls.csv: This is a spreadsheet (xlsx, ods) or a zip archive. Save the sheet as CSV and upload that."
COLUMNS = "calls.csv: The first line must name the columns; missing:"
WHOLE = {  # what is said of a file of which no row can be read, whatever it should have held
    "empty": "calls.csv: The file is empty.",
    "blank": "calls.csv: The file is empty.",
    "gz renamed": "calls.csv: This file is compressed (gzip). Unpack it and upload the CSV file itself.",
    "bz2 renamed": "calls.csv: This file is compressed (bzip2). Unpack it and upload the CSV file itself.",
    "xlsx renamed": ARCHIVE,
    "zip bomb": ARCHIVE,
    "PDF renamed": "calls.csv: This is a PDF document. Upload a CSV file.",
    "picture renamed": "calls.csv: This is a picture. Upload a CSV file.",
}


def told(counts: str, *rows: tuple[int, str]) -> str:
    """What is said of rows that are refused, each with its line and reason, and how many there are of each kind."""
    lines = [f"line {line}: refused: {why}" for line, why in rows]
    total = sum(int(number) for number in re.findall(r"[0-9]+", counts))
    ends = f"calls.csv: {len(rows)} {'row' if len(rows) == 1 else 'rows'} could not be read and nothing was kept of them."
    return "\n".join([*lines, f"{total} records: {counts}", ends])


def of_cells(line: int, *counts: int) -> list[tuple[int, str]]:
    """Every other line from this one on, each with another number of cells than the header of a CSV."""
    return [(line + 2 * number, f"{count} cells, but the header has 8.") for number, count in enumerate(counts)]


def of_columns(line: int, *counts: int) -> list[tuple[int, str]]:
    return [(line + 2 * number, f"{count} columns instead of 17 to 18.") for number, count in enumerate(counts)]


def broken(line: int, why: str) -> str:
    return f"calls.csv: Line {line} cannot be read as CSV ({why}); nothing was read from there on."


NO_TEXT, OPEN, ENDLESS = "call_id holds bytes that are no text.", "unexpected end of data", "field larger than field limit (131072)"
OF_CSV = WHOLE | {
    "NUL bytes": told("1 refused, 1 rated", (2, NO_TEXT)),
    "quotes unclosed": broken(4, OPEN),
    "one column": f"{COLUMNS} call_id, to, setup_at.",
    "field without end": broken(2, ENDLESS),
    "ragged short": told("2 rated, 1 refused", *of_cells(4, 1)),
    "cut off mid-row": told("1 rated, 1 refused", *of_cells(3, 1)),
    "binary behind": told("5 refused, 2 rated", *of_cells(4, 1, 2, 2, 2, 2)),
    "no header": f"{COLUMNS} call_id, to, setup_at.",
    "duplicate header": "calls.csv: The first line names a column twice: call_id.",
    "unknown header": f"{COLUMNS} call_id.",
    "ragged long": told("2 rated, 1 refused", *of_cells(4, 11)),
}
NO_CALLS = [f"line {line}: refused: 1 columns instead of 17 to 18." for line in range(1, 51)]
OF_ASTERISK = WHOLE | {
    "NUL bytes": told("1 refused, 1 rated", (1, NO_TEXT)),
    "quotes unclosed": broken(3, OPEN),
    "one column": "\n".join(
        [
            *NO_CALLS,
            f"… and {bad_files.ROWS - 50} more such lines",
            f"{bad_files.ROWS} records: {bad_files.ROWS} refused",
            f"calls.csv: {bad_files.ROWS} rows could not be read and nothing was kept of them.",
        ]
    ),
    "field without end": broken(1, ENDLESS),
    "ragged short": told("2 rated, 1 refused", *of_columns(3, 1)),
    "cut off mid-row": told("1 rated, 1 refused", *of_columns(2, 1)),
    "binary behind": told("5 refused, 2 rated", *of_columns(3, 1, 2, 2, 2, 2)),
}


@pytest.mark.parametrize(("format_", "sheet", "expected"), [("csv", CALLS, OF_CSV), ("asterisk", ASTERISK, OF_ASTERISK)], ids=["csv", "asterisk"])
def test_files_of_calls_that_are_broken_are_told_by_file_line_and_reason_and_only_whole_rows_count(
    anna: Customer, tmp_path: Path, format_: str, sheet: Sheet, expected: dict[str, str]
) -> None:
    whole = {"quotes unclosed": 2, "ragged short": 2, "ragged long": 2, "binary behind": 2, "NUL bytes": 1, "cut off mid-row": 1}
    said, counted = {}, {}
    for kind, content in bad_files.refused(sheet):
        with undone():
            said[kind] = take_in(content, tmp_path, format_)
            counted[kind] = Call.objects.count()
            assert ledger_check.check().differences == [], kind

    assert said == expected
    assert counted == {kind: whole.get(kind, 0) for kind in expected}


def test_a_file_of_calls_with_a_header_alone_holds_none(anna: Customer, tmp_path: Path) -> None:
    assert take_in(Sheet(HEADER, (), 7, 0).csv().encode(), tmp_path, "csv") == "0 records: nothing\n"
    assert (Call.objects.count(), WaitingCall.objects.count()) == (0, 0)


@pytest.mark.parametrize(("format_", "sheet", "where"), [("csv", CALLS, "note"), ("asterisk", ASTERISK, "clid")])
def test_of_a_file_of_calls_in_two_encodings_each_row_is_read_in_its_own(anna: Customer, tmp_path: Path, format_: str, sheet: Sheet, where: str) -> None:
    lines = sheet.saying("Curaçao").csv().splitlines()
    mixed = b"\n".join([*(line.encode() for line in lines[:-1]), lines[-1].replace("x", "R\xe9union").replace("clid", "R\xe9union").encode("latin-1")])

    assert take_in(mixed, tmp_path, format_) == "2 records: 2 rated\n"
    assert {row[where] for row in Call.objects.values_list("extra", flat=True)} == {"Curaçao", "Réunion"}


REASONS = {
    "end before start": ({"seconds": "", "ended_at": "2026-10-03T08:00:00Z"}, "ended before it was answered"),
    "answered before set up": ({"answered_at": "2026-10-03T08:00:00Z"}, "answered before it was set up"),
    "negative duration": ({"seconds": "-60"}, "below zero"),
    "duration of ten years": ({"seconds": "315360000"}, "longer than 31 days"),
    "duration with decimals": ({"seconds": "60.5"}, "seconds is not a whole number: 60.5"),
    "1e5": ({"seconds": "1e5"}, "seconds is not a whole number: 1e5"),
    "NaN": ({"seconds": "NaN"}, "seconds is not a whole number: NaN"),
    "Infinity": ({"seconds": "Infinity"}, "seconds is not a whole number"),
    "thirty digits": ({"seconds": "6" * 30}, "seconds is not a whole number"),
    "Arabic digits": ({"seconds": "60".translate(bad_files.ARABIC)}, "seconds is not a whole number"),
    "full-width digits": ({"seconds": "60".translate(bad_files.FULL_WIDTH)}, "seconds is not a whole number"),
    "formula as duration": ({"seconds": "=1+1"}, "seconds is not a whole number"),
    "future": ({"setup_at": "2026-11-23T09:00:00Z", "answered_at": "2026-11-23T09:00:00Z"}, "It lies in the future"),
    "far future": ({"setup_at": "2199-01-01T09:00:00Z", "answered_at": "2199-01-01T09:00:00Z"}, "after 2099"),
    "29 February 2027": ({"setup_at": "2027-02-29T09:00:00Z"}, "setup_at is not a time: 2027-02-29"),
    "day 31/02": ({"setup_at": "31/02/2026 09:00"}, "setup_at is not a time"),
    "American order": ({"setup_at": "10/03/2026 09:00"}, "setup_at is not a time"),
    "two-digit year": ({"setup_at": "03-10-26 09:00"}, "setup_at is not a time"),
    "Excel serial number": ({"setup_at": "46298.375"}, "setup_at is not a time"),
    "no set-up": ({"setup_at": ""}, "set-up time is missing"),
    "nobody named": ({"account": ""}, "None of account, line and address"),
    "unknown customer": ({"account": "nobody"}, "unknown_customer"),
    "another reseller's customer": ({"account": "theirs-1"}, "unknown_customer"),
    "letters as number": ({"to": "drop table"}, "invalid_number"),
    "formula as number": ({"to": "=cmd|' /c calc'!A1"}, "invalid_number"),
    "NUL in a number": ({"to": f"{TO}\0"}, "to holds bytes that are no text"),
    "no price": ({"to": "881612345678"}, "no_rate"),
}


def test_a_call_that_cannot_be_one_waits_with_its_reason_and_moves_no_money(anna: Customer, tmp_path: Path) -> None:
    before = ledger()
    for kind, (given, reason) in REASONS.items():
        with undone():
            said = take_in(Sheet(HEADER, (call(**given),), 7, 0).csv().encode(), tmp_path, "csv")
            assert reason in said, (kind, said)
            assert (Call.objects.count(), WaitingCall.objects.count()) == (0, 1), kind
            assert ledger() == before, kind


def test_a_time_without_a_zone_is_the_switchs_and_says_what_the_clock_did(anna: Customer, tmp_path: Path) -> None:
    for at, note in (("2026-03-29T01:30:00", "does not exist in Europe/London"), ("2026-10-25T01:30:00", "came twice in Europe/London")):
        said = take_in(Sheet(HEADER, (call(at, setup_at=at, answered_at=at),), 7, 0).csv().encode(), tmp_path, "csv")
        assert (note in said, "1 rated" in said) == (True, True), said


def test_a_call_twice_in_a_file_or_in_an_older_one_is_taken_once(anna: Customer, tmp_path: Path) -> None:
    twice = Sheet(HEADER, (call(), call(), call(seconds="61")), 7, 0).csv().encode()

    assert take_in(twice, tmp_path, "csv") == "3 records: 1 rated, 1 repeated, 1 conflict\n"
    before = ledger()
    assert take_in(twice, tmp_path, "csv") == "3 records: 2 repeated, 1 conflict\n"
    assert ledger() == before


@pytest.mark.parametrize("format_", ["json", "freeswitch"])
def test_what_is_no_json_is_told_by_line_and_keeps_nothing(anna: Customer, tmp_path: Path, format_: str) -> None:
    before, no_json = ledger(), told("1 refused", (1, "Element 1 is not JSON: nothing was read from here on."))
    for kind, content in (*bad_files.refused(CALLS), *bad_files.readable(CALLS)):
        with undone():
            said = take_in(content, tmp_path, format_)
            if kind in {"one column", "every cell quoted"}:  # each cell is JSON
                assert said.startswith("line 1: refused: Element 1 is not a record.\nline "), kind
                assert said.endswith(" rows could not be read and nothing was kept of them."), kind
            else:
                assert said == WHOLE.get(kind, no_json), kind
            assert ledger() == before, kind


def test_a_file_of_rates_is_read_however_it_was_saved() -> None:
    for kind, content in bad_files.readable(RATES):
        read = rates_file.parse(content)
        assert ([rate.prefix for rate in read.rates], read.errors) == (["44", "33"], []), kind


def test_broken_files_of_rates_are_told_and_leave_every_plan_as_it_was(anna: Customer) -> None:
    browser = client(user("jane"))
    plan = RatePlan.objects.get()
    browser.get("/")
    besides: Any = {"but": ("rateplans_rateimport", "jobs_")}
    plans = tables.sums(**besides)
    for kind, content in bad_files.refused(RATES):
        answer = browser.post(f"/rate-plans/{plan.pk}/import/", {"file": SimpleUploadedFile("rates.csv", content), "mode": "replace"})
        if len(content) > large_files.AT_ONCE:
            assert answer.status_code == 302, kind
            assert run_jobs("rates.read") == ["rates.read"]
            assert bytes(RateImport.objects.get().content) == b"", kind
            answer = browser.get(answer["Location"])
            RateImport.objects.all().delete()
        else:
            assert answer.status_code == 422, kind
        said = answer.content.decode()
        assert "cannot be read" in said, kind
        assert "rates.csv" in said or kind in {"empty", "blank"}, kind
        assert (tables.sums(**besides), RateImport.objects.exists()) == (plans, False), kind


def test_broken_files_of_exchange_rates_are_told_and_store_nothing(anna: Customer) -> None:
    browser = client(user("jane"))
    browser.get("/")
    before = tables.sums()
    unread = ("UTF-16 LE", "UTF-16 BE", "Latin-1", "quotes doubled", "newline in quotes", "semicolons", "bars", "tabs")
    for kind, content in (*bad_files.refused(BANK), *((kind, content) for kind, content in bad_files.readable(BANK) if kind in unread)):
        read = exchange_files.parse(content)
        assert read.bad, kind
        assert all(row.line and row.reason for row in read.bad), kind
        answer = browser.post("/settings/currencies/import/", {"file": SimpleUploadedFile("eurofxref.csv", content)})
        assert answer.status_code == 422, kind
        assert tables.sums() == before, kind
    for kind, content in bad_files.readable(BANK):
        assert kind in unread or len(exchange_files.parse(content).rates) == 4, kind
