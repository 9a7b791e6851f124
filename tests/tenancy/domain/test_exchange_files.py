"""The European Central Bank's files, as they come and as they come damaged."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from billing_portal.tenancy.domain import exchange_files

DATA = Path(__file__).parents[2] / "data"
DAY = date(2026, 11, 20)
TOO_MUCH = "too much of this file cannot be read, or it holds too much: nothing of it is taken"


def test_the_daily_csv_gives_a_rate_of_each_currency() -> None:
    found = exchange_files.parse((DATA / "eurofxref.csv").read_bytes())
    rates = {currency: units for day, currency, units in found.rates if day == DAY}
    assert (len(rates), found.bad, found.unknown) == (29, [], set())
    assert (rates["USD"], rates["GBP"], rates["IDR"]) == (Decimal("1.1573"), Decimal("0.87650"), Decimal("19283.44"))


def test_the_historic_csv_gives_many_days_without_currencies_that_ended() -> None:
    found = exchange_files.parse((DATA / "eurofxref-hist.csv").read_bytes())
    assert len({day for day, _currency, _units in found.rates}) == 4
    assert (len(found.rates), found.bad, found.unknown) == (16, [], {"CYP"})


def test_the_xml_says_the_same() -> None:
    found = exchange_files.parse((DATA / "eurofxref-daily.xml").read_bytes())
    assert found.rates == [(DAY, "USD", Decimal("1.1573")), (DAY, "JPY", Decimal("163.27")), (DAY, "GBP", Decimal("0.87650"))]
    assert found.bad == []


@pytest.mark.parametrize(
    ("content", "line", "column", "reason"),
    [
        ("Date,USD\n2026-11-20,1,1573\n", 2, "", "the row has more columns than the head"),
        ("Date,USD\n2026-11-20,-1\n", 2, "USD", "“-1” is not a number above 0 with at most 10 decimals"),
        ("Date,USD\n2026-11-20,0.0\n", 2, "USD", "“0.0” is not a number above 0 with at most 10 decimals"),
        ("Date,USD\n2026-11-20,1e3\n", 2, "USD", "“1e3” is not a number above 0 with at most 10 decimals"),
        ("Date,USD\n31 November 2026,1\n", 2, "Date", "“31 November 2026” is not a date"),
        ("Date,USD\n2026-11-20,1\n2026-11-20,2\n", 3, "USD", "2026-11-20 stands twice"),
        ("Day,USD\n2026-11-20,1\n", 1, "", "the head must be Date and codes of currencies"),
        ("Date,dollars\n2026-11-20,1\n", 1, "dollars", "the head must be Date and codes of currencies"),
        ("", 1, "", "the head must be Date and codes of currencies"),
        ("<!DOCTYPE a [<!ENTITY b 'c'>]><a/>", 1, "", "a document type or comment has no place in this file"),
        ("<a><b></a>", 1, "", "this is not well-formed XML"),
        ("<a/>", 1, "", "there are no rates in this file"),
    ],
)
def test_a_damaged_file_says_what_is_wrong(content: str, line: int, column: str, reason: str) -> None:
    [bad] = exchange_files.parse(content.encode()).bad
    assert (bad.line, bad.column, bad.reason) == (line, column, reason)


@pytest.mark.rel(59)
@pytest.mark.parametrize("endless", [b"x\n", b"2026-11-19,\n", b"2026-11-19,-1\n"])
def test_a_file_of_bad_rows_or_of_days_without_end_is_not_read_to_its_end(endless: bytes) -> None:
    """10 MB of them would take a gigabyte and most of a minute of a web process."""
    found = exchange_files.parse(b"Date,USD\n2026-11-20,1.1\n" + endless * (exchange_files.MOST_DAYS + 1))

    assert (found.rates, len(found.bad) <= exchange_files.MOST_BAD + 2) == ([], True)
    assert found.bad[-1].reason == TOO_MUCH


@pytest.mark.rel(59)
@pytest.mark.parametrize("endless", ["<a/>", "<a x='' y=''/>"])
def test_a_file_of_elements_without_end_is_not_taken_apart(endless: str) -> None:
    [bad] = exchange_files.parse(f"<r>{endless * (9_000_000 // len(endless))}</r>".encode()).bad

    assert bad.reason == TOO_MUCH


def test_a_zip_is_no_text() -> None:
    assert exchange_files.parse(b"PK\x03\x04\xff\xfe").bad[0].reason == "this is no text: unpack a ZIP file first"
