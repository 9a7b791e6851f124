"""`import_calls`: a real file of Asterisk goes in, twice, and says what became of each row."""

import json
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from customers.models import AccountCode, Customer, Line
from invoicing.domain import calls, waiting
from invoicing.domain.formats import asterisk
from invoicing.models import Call, CallBatch, WaitingCall
from invoicing.queries import movements
from tests.support import world
from tests.support.servers import ROOT
from tests.support.world import balance

pytestmark = pytest.mark.django_db
ASTERISK = ROOT / "tests/data/asterisk-cdr.csv"


@pytest.fixture
def harbour(acme: Any) -> Customer:
    made = world.customer("Harbour View", on=world.plan(rates={"44": ("United Kingdom", "0.06"), "380": ("Ukraine", "0.30")}))
    AccountCode.objects.create(code="acme-100", customer=made)
    for name in ("1001", "1002"):
        Line.objects.create(customer=made, name=name)
    return made


def run(*args: Any, **options: Any) -> str:
    out = StringIO()
    call_command("import_calls", *args, reseller="acme", stdout=out, **options)
    return out.getvalue()


def test_asterisks_file_goes_in_once(harbour: Customer) -> None:
    first, second = run(str(ASTERISK)), run(str(ASTERISK))

    assert first == "10 records: 5 rated, 4 queued, 1 repeated\nwaiting: 2 invalid_number, 2 unknown_customer\n"
    assert second == "10 records: 10 repeated\n"
    assert sorted(Call.objects.values_list("number", "seconds", "price")) == [
        ("380635550121", 83, Decimal("0.415")),
        ("380665550193", 0, Decimal("0")),
        ("442079460123", 1215, Decimal("1.215")),
        ("442079460123", 7200, Decimal("7.2")),
        ("8002", 0, Decimal("0")),
    ]
    assert balance(harbour) == Decimal("-8.83")


@pytest.mark.parametrize("order", [slice(None), slice(None, None, -1)])
def test_the_trunk_that_answered_is_billed_though_others_failed_before_it(harbour: Customer, tmp_path: Path, order: slice) -> None:
    """Asterisk writes a row for each Dial of a channel, all of them with one unique id; sent again they are the same ones."""
    begin = '"acme-100","1001","442079460123","internal","1001","PJSIP/1001-00000001"'
    rows = [
        begin + ',"PJSIP/one-00000002","Dial","","2026-10-20 10:00:00",,"2026-10-20 10:00:02",2,0,"CONGESTION","DOCUMENTATION","1700000000.1",""',
        begin + ',"PJSIP/two-00000003","Dial","","2026-10-20 10:00:02",,"2026-10-20 10:00:04",2,0,"BUSY","DOCUMENTATION","1700000000.1",""',
        begin + ',"PJSIP/three-00000004","Dial","","2026-10-20 10:00:04","2026-10-20 10:00:06","2026-10-20 11:00:06",3602,3600,"ANSWERED","","1700000000.1",""',
    ]
    file = tmp_path / "Master.csv"
    file.write_text("\n".join(rows[order]))

    assert (run(str(file)), run(str(file))) == ("3 records: 3 rated\n", "3 records: 3 repeated\n")
    assert (balance(harbour), Call.objects.filter(answered_at=None).count()) == (Decimal("-3.60"), 2)


def of_channel(party: str, start: str, end: str, seconds: int, told: str = "ANSWERED") -> str:
    """A row of Asterisk about one party of the channel `1700000000.1`, dialled, answered at once and gone again on 20 October 2026."""
    day, talked = "2026-10-20", seconds if told == "ANSWERED" else 0
    times = f"{day} {start},{day} {start},{day} {end},{seconds},{talked}"
    return f'acme-100,1001,442079460123,internal,1001,PJSIP/1001-00000001,{party},Dial,,{times},{told},DOCUMENTATION,1700000000.1,""'


FIRST = of_channel("PJSIP/one-00000002", "10:00:00", "10:00:02", 2)
SECOND = of_channel("PJSIP/two-00000003", "10:00:02", "11:00:02", 3600)
THIRD = of_channel("PJSIP/two-00000003", "11:00:02", "11:01:02", 60)  # the second party once more
AGAIN = of_channel("PJSIP/two-00000003", "10:00:02", "11:00:03", 3601)  # the second row with other content


def take(tmp_path: Path, *rows: str, **options: Any) -> str:
    file = tmp_path / "Master.csv"
    file.write_text("\n".join(rows))
    return run(str(file), **options)


def test_each_party_that_a_channel_was_bridged_with_is_billed_once_in_whatever_files_and_order(harbour: Customer, tmp_path: Path) -> None:
    assert take(tmp_path, FIRST, SECOND, THIRD, SECOND) == "4 records: 3 rated, 1 repeated\n"
    assert balance(harbour) == Decimal("-3.662")
    for rows in ([FIRST, SECOND, THIRD], [THIRD, SECOND, FIRST], [SECOND], [THIRD, FIRST]):
        assert take(tmp_path, *rows) == f"{len(rows)} records: {len(rows)} repeated\n"
    assert (balance(harbour), WaitingCall.objects.count()) == (Decimal("-3.662"), 0)


def test_a_row_that_names_no_party_is_no_call_of_its_own(harbour: Customer, tmp_path: Path) -> None:
    """Asterisk writes one when a channel has left its bridge and goes on, to a voicemail or an announcement."""
    on_its_own = of_channel("", "10:00:02", "10:00:09", 7)

    assert take(tmp_path, FIRST, on_its_own) == "2 records: 1 rated, 1 conflict\n"
    assert (balance(harbour), movements.blocking_calls([harbour.pk])) == (Decimal("-0.002"), {})


def test_a_party_in_a_later_file_is_billed_and_the_same_row_in_another_zone_is_a_conflict(harbour: Customer, tmp_path: Path) -> None:
    assert [take(tmp_path, row) for row in (SECOND, FIRST)] == ["1 records: 1 rated\n"] * 2
    assert balance(harbour) == Decimal("-3.602")

    assert take(tmp_path, FIRST, AGAIN) == "2 records: 1 repeated, 1 conflict\n"
    assert take(tmp_path, SECOND, FIRST, time_zone="Europe/Berlin") == "2 records: 2 conflict\n"
    assert (balance(harbour), waiting.count()) == (Decimal("-3.602"), 3)


def test_what_was_taken_before_starts_were_kept_is_told_by_its_channel(harbour: Customer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as before:
        before.setattr(asterisk, "KEPT", ("dstchannel",))
        take(tmp_path, SECOND)

    assert take(tmp_path, SECOND, THIRD, FIRST) == "3 records: 1 repeated, 1 conflict, 1 rated\n"
    assert (balance(harbour), Call.objects.count()) == (Decimal("-3.602"), 2)


def test_a_long_file_is_taken_in_parts(harbour: Customer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "AT_ONCE", 3)
    file = tmp_path / "calls.csv"
    rows = [f"c{n % 7},acme-100,442079460123,2026-10-03T09:00:00Z,2026-10-03T09:00:00Z,60" for n in range(10)]
    file.write_text("\n".join(["call_id,account,to,setup_at,answered_at,seconds", *rows]))

    assert run(str(file)) == "10 records: 7 rated, 3 repeated\n"
    assert CallBatch.objects.count() == 3
    assert balance(harbour) == Decimal("-0.42")


def test_json_prints_what_the_interface_answers(harbour: Customer) -> None:
    told = json.loads(run(str(ROOT / "tests/data/freeswitch-cdr.json"), "--json"))

    assert told == {
        "records": [
            {
                "call_id": "3da8bf84-c133-4959-9e24-e72875cb33a1",
                "leg": "a",
                "status": "rated",
                "reason": None,
                "price": "0.0000",
                "currency": "GBP",
                "billed_seconds": 0,
            }
        ]
    }


def test_local_times_that_came_twice_are_said(harbour: Customer) -> None:
    told = run(str(ASTERISK), time_zone="Europe/Berlin").splitlines()

    assert [line for line in told if "came twice" in line] == [
        "line 8: 2026-10-25 02:30:00, 2026-10-25 02:30:10, 2026-10-25 02:10:25 came twice in Europe/Berlin: the clock went back."
        " Taken as 00:30:00, 00:30:10, 01:10:25 UTC."
    ]


def test_rows_that_cannot_be_read_are_named_and_the_rest_is_taken(harbour: Customer, tmp_path: Path) -> None:
    file = tmp_path / "calls.csv"
    file.write_text("call_id,account,to,setup_at\nc1,acme-100,442079460123,2026-10-03\n,acme-100,442079460123,2026-10-03\nc3,acme-100,442079460123,never\n")
    out = StringIO()
    with pytest.raises(CommandError, match="1 row could not be read"):
        call_command("import_calls", str(file), reseller="acme", stdout=out)

    assert out.getvalue().splitlines() == [
        "line 3: refused: The call id is missing.",
        "line 4: bad record: setup_at is not a time: never",
        "3 records: 1 rated, 1 refused, 1 queued",
        "waiting: 1 bad_record",
    ]
    assert WaitingCall.objects.get().detail == "setup_at is not a time: never"


def refused(*args: Any) -> tuple[Any, str]:
    """What the command printed as JSON, and its closing line on failure."""
    out = StringIO()
    with pytest.raises(CommandError) as failure:
        call_command("import_calls", *args, "--json", reseller="acme", stdout=out)
    return json.loads(out.getvalue()), str(failure.value)


def call(call_id: str) -> str:
    return json.dumps({"call_id": call_id, "account": "acme-100", "to": "442079460123", "setup_at": "2026-10-03T09:00:00Z"})


@pytest.mark.parametrize(
    ("text", "taken", "error"),
    [
        (f'{{"records": [{call("c1")}, 7, {call("c3")}]}}', ["c1", "c3"], "Element 2 is not a record."),
        (f"[{call('c1')}, {{oops", ["c1"], "Element 2 is not JSON: nothing was read from here on."),
    ],
)
def test_json_is_whole_whatever_the_file_holds(harbour: Customer, tmp_path: Path, text: str, taken: list[str], error: str) -> None:
    file = tmp_path / "calls.json"
    file.write_text(text)
    told, failure = refused(str(file))

    assert [(record["call_id"], record["status"]) for record in told["records"]] == [(call_id, "rated") for call_id in taken]
    assert told["errors"] == [{"line": 1, "error": error}]
    assert failure == "calls.json: 1 row could not be read and nothing was kept of them."
    assert Call.objects.count() == len(taken)


def test_a_file_that_breaks_in_the_middle_keeps_what_came_before(harbour: Customer, tmp_path: Path) -> None:
    file = tmp_path / "calls.csv"
    file.write_text(f"call_id,account,to,setup_at\nc1,acme-100,442079460123,2026-10-03\nc2,{'x' * 200_000},44,2026-10-03\n")
    told, failure = refused(str(file))

    assert [record["call_id"] for record in told["records"]] == ["c1"]
    assert told["errors"] == [{"line": None, "error": failure.removeprefix("calls.csv: ")}]
    assert failure.startswith("calls.csv: Line 3 cannot be read as CSV")


def test_json_is_whole_when_nothing_can_be_read(harbour: Customer, tmp_path: Path) -> None:
    told, failure = refused(str(ASTERISK), "--format", "csv")

    assert told == {"records": [], "errors": [{"line": None, "error": failure.removeprefix(f"{ASTERISK.name}: ")}]}


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["/nowhere/calls.csv"], "There is no file"),
        ([str(ASTERISK), "--switch", "Frankfurt"], "has no switch “Frankfurt”"),
        ([str(ASTERISK), "--time-zone", "Mars/Base"], "no time zone named"),
        ([str(ASTERISK), "--format", "csv"], "must name the columns"),
    ],
)
def test_it_says_in_one_line_what_is_wrong(acme: Any, args: list[str], message: str) -> None:
    with pytest.raises(CommandError, match=message):
        run(*args)
    assert not WaitingCall.objects.exists()
