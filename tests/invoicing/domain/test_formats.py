"""Files as switches write them become records; what cannot be read is named by its line."""

import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from billing_portal.kernel.errors import DomainError
from invoicing.domain import formats, records
from invoicing.domain.formats import Read, asterisk, freeswitch, plain_csv, plain_json
from invoicing.domain.records import CallRecord
from tests.support.servers import ROOT

LONDON, BERLIN = ZoneInfo("Europe/London"), ZoneInfo("Europe/Berlin")
HEADER = "call_id,account,to,setup_at,answered_at,ended_at,seconds"


def rows(text: str, zone: ZoneInfo = LONDON) -> list[Read]:
    return list(plain_csv.read(io.StringIO(text), zone))


def only(read: list[Read]) -> CallRecord:
    [row] = read
    assert row.record is not None
    return row.record


def test_asterisks_file_is_read_as_it_is() -> None:
    read = list(formats.read(ROOT / "tests/data/asterisk-cdr.csv", "asterisk", "Europe/London"))

    found = [row.record for row in read if row.record]
    assert [row.line for row in read] == list(range(1, 11))
    assert [(one.call_id, one.account, one.line, one.to, one.seconds, one.answered_at is not None) for one in found] == [
        ("1536293101.12458", "acme-100", "2889", "09243820431", 183, True),
        ("1530369902.8942", "acme-100", "8016", "+380635550121", 83, True),
        ("1530381575.9011", "acme-100", "MTS-SUP", "+380665550193", 0, False),
        ("1598519380.114", "acme-100", "sip0", "8001", 654, True),
        ("1598518960.99", "acme-100", "8001", "8002", 0, False),
        ("1551666699.4", "", "SOFTPHONE_A", "227", 3, True),
        ("1700000000.1", "nobody-here", "1001", "442079460123", 2435, True),
        ("1700000050.2", "acme-100", "1001", "0044 20 7946 0123", 1215, True),
        ("1700000090.3", "acme-100", "1001", "442079460123", 7200, True),
        ("1700000090.3", "acme-100", "1001", "442079460123", 7200, True),
    ]
    assert found[8] == found[9]
    assert found[1].setup_at == datetime(2026, 9, 30, 13, 45, 2, tzinfo=UTC)


def test_a_call_across_the_clock_change_keeps_its_seconds() -> None:
    read = list(formats.read(ROOT / "tests/data/asterisk-cdr.csv", "asterisk", "Europe/Berlin"))
    across = read[7].record
    assert across is not None

    assert (across.answered_at, records.talked(across), records.problem_of(across)) == (datetime(2026, 10, 25, 0, 30, 10, tzinfo=UTC), 1215, "")
    assert read[7].notes == (
        "2026-10-25 02:30:00, 2026-10-25 02:30:10, 2026-10-25 02:10:25 came twice in Europe/Berlin: the clock went back."
        " Taken as 00:30:00, 00:30:10, 01:10:25 UTC.",
    )


@pytest.mark.rel(29)
def test_of_an_hour_that_comes_twice_the_one_after_the_set_up_counts() -> None:
    text = f"{HEADER}\nc1,x,442079460123,2026-10-25 02:59:58,2026-10-25 02:00:05,2026-10-25 02:01:05,60\n"
    one = only(rows(text, BERLIN))

    assert (one.setup_at, one.answered_at) == (datetime(2026, 10, 25, 0, 59, 58, tzinfo=UTC), datetime(2026, 10, 25, 1, 0, 5, tzinfo=UTC))
    assert one.ended_at == datetime(2026, 10, 25, 1, 1, 5, tzinfo=UTC)


@pytest.mark.rel(29)
def test_of_an_hour_that_comes_twice_one_note_is_made_per_row_and_names_each_time_once() -> None:
    [row] = rows(f"{HEADER}\nc1,x,442079460123,2026-10-25 02:30:00,2026-10-25 02:30:00,2026-10-25 02:31:00,60\n", BERLIN)

    assert row.notes == ("2026-10-25 02:30:00, 2026-10-25 02:31:00 came twice in Europe/Berlin: the clock went back. Taken as 00:30:00, 00:31:00 UTC.",)


@pytest.mark.rel(29)
def test_a_time_in_the_skipped_hour_is_said_once_however_often_the_row_has_it() -> None:
    [row] = rows(f"{HEADER}\nc1,x,442079460123,2026-03-29 01:30:00,2026-03-29 01:30:00,,60\n")

    assert row.notes == ("2026-03-29 01:30:00 does not exist in Europe/London: the clock went forward. Taken as 01:30:00 UTC.",)


@pytest.mark.rel(29)
def test_a_time_in_the_skipped_hour_is_moved_forward_and_said() -> None:
    [row] = rows(f"{HEADER}\nc1,x,442079460123,2026-03-29 01:30:00,,,\n")
    assert row.record is not None

    assert row.record.setup_at == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert row.notes == ("2026-03-29 01:30:00 does not exist in Europe/London: the clock went forward. Taken as 01:30:00 UTC.",)


def test_freeswitchs_call_is_read_as_it_is() -> None:
    one = only(list(formats.read(ROOT / "tests/data/freeswitch-cdr.json", "freeswitch", "Europe/London")))

    assert (one.call_id, one.account, one.line, one.address, one.to) == ("3da8bf84-c133-4959-9e24-e72875cb33a1", "", "1001", "10.10.10.100", "1002")
    assert one.answered_at == datetime(2018, 1, 11, 10, 25, 47, 954373, tzinfo=UTC)
    assert (one.seconds, one.cause) == (68, "NORMAL_CLEARING")


def test_csv_names_its_columns_in_any_order_and_keeps_what_it_does_not_know() -> None:
    one = only(rows("To;Call_ID;Setup_At;line;Trunk\n+44 20 7946 0123;c1;2026-10-03T10:00:00+02:00;1001;north\n"))

    assert (one.call_id, one.to, one.line, one.extra) == ("c1", "+44 20 7946 0123", "1001", {"trunk": "north"})
    assert (one.setup_at, one.answered_at, one.seconds) == (datetime(2026, 10, 3, 8, tzinfo=UTC), None, None)


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("c1,x,44,yesterday,,,", "setup_at is not a time: yesterday"),
        ("c1,x,44,2026-10-03,2026-10-03,,one", "seconds is not a whole number: one"),
        ("c1,,44,2026-10-03,,,", "None of account, line and address is given."),
        (f"c1,{'x' * 61},44,2026-10-03,,,", "account is longer than 60 characters."),
        ("c1,x,44,,,,", "The set-up time is missing."),
        ("c1,x,44,0001-01-01,,,", "setup_at is not a time: 0001-01-01"),
    ],
)
def test_a_field_that_cannot_be_understood_makes_a_bad_record(row: str, problem: str) -> None:
    assert records.problem_of(only(rows(f"{HEADER}\n{row}\n", ZoneInfo("Asia/Tokyo")))) == problem


def test_rows_that_hold_no_record_are_named_by_line() -> None:
    read = rows(f"{HEADER}\nc1,x,442079460123,2026-10-03,,,\n\n,x,442079460123,2026-10-03,,,\nc3,x,44,2026-10-03,,,,,\n")

    assert [(row.line, row.error) for row in read if row.error] == [(4, "The call id is missing."), (5, "9 cells, but the header has 7.")]


def test_a_file_without_the_columns_is_refused() -> None:
    with pytest.raises(DomainError, match="columns_missing"):
        rows("account,number\nx,44\n")


@pytest.mark.parametrize("pattern", ['{"records": [%s, %s]}', "[%s,\n%s]", "%s\n%s\n", '\ufeff{ "records":[\n%s,\n%s\n]\n}\n'])
def test_json_comes_in_several_shapes(pattern: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plain_json, "HEAD", 20)
    monkeypatch.setattr(plain_json, "PIECE", 7)
    calls = [json.dumps({"call_id": f"c{n}", "line": "1001", "to": "44 {20}]", "setup_at": "2026-10-03T09:00:00Z", "nested": {"a": [1]}}) for n in (1, 2)]
    read = list(plain_json.read(io.StringIO(pattern % tuple(calls)), LONDON))

    assert [row.record.call_id for row in read if row.record] == ["c1", "c2"]
    assert [row.record.extra for row in read if row.record] == [{"nested": {"a": [1]}}] * 2


@pytest.mark.parametrize("bad", ["7", '"text"', "null", "[1]", '{"call_id": "c9", "seconds": NaN}'])
def test_what_is_no_record_is_named_by_its_place_and_the_rest_is_read(bad: str) -> None:
    good = '{"call_id": "c%s", "line": "1001", "to": "44", "setup_at": "2026-10-03T09:00:00Z"}'
    text = f'{{"records": [{good % 1},\n{bad},\n{good % 3}]}}'
    read = list(plain_json.read(io.StringIO(text), LONDON))

    assert [row.record.call_id for row in read if row.record] == ["c1", "c3"]
    assert [(row.line, row.error) for row in read if row.error] == [(2, "Element 2 is not a record.")]


@pytest.mark.parametrize("text", ['{"records": [{"call_id": "c1"', "nonsense", '{"a":' * 100_000])
def test_reading_stops_where_there_is_no_json_and_says_so(text: str) -> None:
    read = list(plain_json.read(io.StringIO(text), LONDON))

    assert [(row.line, row.record, row.error) for row in read] == [(1, None, "Element 1 is not JSON: nothing was read from here on.")]


class Counted(str):
    """Text that counts the signs that are copied out of it."""

    copied = 0

    def __getitem__(self, key: Any) -> "Counted":
        return self._counting(super().__getitem__(key))

    def __add__(self, other: str) -> "Counted":
        return self._counting(super().__add__(other))

    def removeprefix(self, prefix: str) -> "Counted":
        return self._counting(super().removeprefix(prefix))

    def _counting(self, made: str) -> "Counted":
        Counted.copied += len(made)
        return Counted(made)


class CountedFile(io.StringIO):
    def read(self, size: int | None = -1) -> Counted:
        return Counted(super().read(size))


@pytest.mark.rel(59)
def test_a_file_of_tiny_records_is_copied_a_few_times_and_not_once_for_each_record() -> None:
    text = "[" + ",\n".join(f'{{"call_id": "{number}"}}' for number in range(20_000)) + "]"
    Counted.copied = 0

    assert [row.line for row in plain_json.read(CountedFile(text), LONDON)] == list(range(1, 20_001))
    assert 0 < Counted.copied < 4 * len(text)


@pytest.mark.parametrize(
    ("name", "start", "format_"),
    [
        ("a.csv", "To,Call_ID,setup_at\n", "csv"),
        ("a.txt", '[{"call_id": 1}]', "json"),
        ("Master.csv", ROOT / "tests/data/asterisk-cdr.csv", "asterisk"),
        ("x.cdr", ROOT / "tests/data/freeswitch-cdr.json", "freeswitch"),
    ],
)
def test_a_files_format_is_seen_in_what_it_holds(tmp_path: Path, name: str, start: str | Path, format_: str) -> None:
    (tmp_path / name).write_text(start.read_text() if isinstance(start, Path) else start)

    assert formats.guess(tmp_path / name) == format_


def test_a_file_of_no_format_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("a,b\n1,2\n")
    with pytest.raises(DomainError, match="format_unknown"):
        formats.guess(tmp_path / "x.csv")


@pytest.mark.parametrize(
    ("channel", "line"),
    [("PJSIP/1001-00000003", "1001"), ("SIP/anna-desk-0000098e", "anna-desk"), ("Local/100@default-00000001;2", "100"), ("TELCHAN/5/19", ""), ("", "")],
)
def test_the_line_is_in_the_channel(channel: str, line: str) -> None:
    assert asterisk.line_of(channel) == line


def test_encoded_values_of_freeswitch_are_decoded() -> None:
    call = {
        "variables": {"uuid": "u1", "sip_from_user": "a%20b", "start_uepoch": "1515666344534355"},
        "callflow": {"caller_profile": {"destination_number": "%2B44"}},
    }
    one = only(list(freeswitch.read(io.StringIO(json.dumps(call)), LONDON)))

    assert (one.line, one.to, one.seconds) == ("a b", "+44", 0)


def test_a_record_survives_the_queue() -> None:
    read = list(formats.read(ROOT / "tests/data/asterisk-cdr.csv", "asterisk", "Europe/London"))
    for row in read:
        assert row.record is not None
        again = records.from_json(json.loads(json.dumps(records.to_json(row.record))))
        assert again == row.record
        assert records.fingerprint(again) == records.fingerprint(row.record)
