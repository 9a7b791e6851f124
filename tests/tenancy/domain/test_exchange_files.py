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
@pytest.mark.parametrize(
    ("content", "line", "reason"),
    [
        ("Date" + ",USD" * 501 + "\n2026-11-20,1\n", 1, "the head has more than 500 columns"),
        ("Date" + ",USD" * 2_500 + "\n2026-11-20,1\n", 1, "this cannot be read as CSV (a line has more than 10,000 characters), nor what follows"),
        ("Date,USD\n2026-11-20,1" + "," * 10_000 + "\n", 2, "this cannot be read as CSV (a line has more than 10,000 characters), nor what follows"),
        ("Date,USD\n" + "\n" * 100_000, 100_001, "this cannot be read as CSV (it has more than 100,000 lines), nor what follows"),
    ],
    ids=["columns", "head", "line", "lines"],
)
def test_a_csv_of_columns_or_lines_without_end_is_not_read_on(content: str, line: int, reason: str) -> None:
    """Two million columns over 20,000 days would take twenty minutes of a web process."""
    found = exchange_files.parse(content.encode())

    assert found.rates == []
    assert [(bad.line, bad.column, bad.reason) for bad in found.bad] == [(line, "", reason)]


def test_five_hundred_columns_are_read() -> None:
    found = exchange_files.parse(("Date,USD" + "," * 499 + "\n2026-11-20,1.1" + "," * 499 + "\n").encode())

    assert (found.rates, found.bad) == ([(DAY, "USD", Decimal("1.1"))], [])


@pytest.mark.rel(59)
@pytest.mark.parametrize(
    ("bound", "content", "held"), [("MOST_RATES", b"Date,USD,JPY\n2026-11-20,1,1\n", 2), ("MOST_UNKNOWN", b"Date,CYP,EEK\n2026-11-20,1,1\n", 0)]
)
def test_no_more_rates_or_currencies_are_held_than_the_bank_could_tell(bound: str, content: bytes, held: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange_files, bound, 2)
    assert len(exchange_files.parse(content).rates) == held
    assert TOO_MUCH not in [bad.reason for bad in exchange_files.parse(content).bad]

    monkeypatch.setattr(exchange_files, bound, 1)
    found = exchange_files.parse(content)
    assert (found.rates, [bad.reason for bad in found.bad]) == ([], [TOO_MUCH])


@pytest.mark.rel(59)
@pytest.mark.parametrize("endless", ["<a/>", "<a x='' y=''/>"])
def test_a_file_of_elements_without_end_is_not_taken_apart(endless: str) -> None:
    [bad] = exchange_files.parse(f"<r>{endless * (9_000_000 // len(endless))}</r>".encode()).bad

    assert bad.reason == TOO_MUCH


@pytest.mark.rel(59)
@pytest.mark.parametrize(
    "costly",
    [
        f"<r xmlns:x='{'A' * 1_000}'><x:a/><x:b/></r>",
        "<r " + " ".join(f"a{number}=''" for number in range(200)) + "/>",
        "<r>" + "".join(f"<a{number}/>" for number in range(25)) + "</r>",
        "<r>" + "".join(f"<a b{number}=''/>" for number in range(25)) + "</r>",
        "<a>" * 25,
        f"<r>{'a' * 1_000}</r>",
    ],
    ids=["name", "attributes", "elements", "attributes-of-many", "depth", "text"],
)
def test_a_file_of_long_or_many_names_is_not_read_on(costly: str) -> None:
    """A namespace as long as the file would be copied for each of a million elements, and each name be remembered."""
    [bad] = exchange_files.parse(costly.encode()).bad

    assert bad.reason == TOO_MUCH


@pytest.mark.rel(59)
def test_nothing_of_an_xml_file_is_held_but_a_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    held: list[int] = []
    told = exchange_files._Cubes.told

    def counting(self: exchange_files._Cubes) -> list[tuple[int, date, str, str]]:
        held.append(len(self.cells))
        return told(self)

    monkeypatch.setattr(exchange_files._Cubes, "told", counting)
    days = "".join(
        f"<Cube time='{day}'><Cube currency='USD' rate='1.{day.toordinal()}'/></Cube>" for day in (date.fromordinal(730_000 + n) for n in range(2_000))
    )
    found = exchange_files.parse(f"<Cube xmlns='{exchange_files.VOCABULARY}'>{days}</Cube>".encode())

    assert (len(found.rates), found.bad, sum(held)) == (2_000, [], 2_000)
    assert found.rates[-1] == (date.fromordinal(731_999), "USD", Decimal("1.731999"))
    assert max(held) < exchange_files.PIECE / 60


@pytest.mark.parametrize("name", ["Cube", "ecb:Cube"])
def test_cubes_are_read_whatever_their_prefix(name: str) -> None:
    prefix = name.partition(":")[0] if ":" in name else ""
    declared = f"xmlns{':' * bool(prefix)}{prefix}"
    day = f"<{name} time='2026-11-20'><{name} currency='USD' rate='1.1'/><{name} currency='CYP' rate='0.5'/></{name}>"
    found = exchange_files.parse(f'<a {declared}="{exchange_files.VOCABULARY}"><{name}>{day}</{name}></a>'.encode())

    assert (found.rates, found.bad, found.unknown) == ([(DAY, "USD", Decimal("1.1"))], [], {"CYP"})


def test_cubes_of_another_vocabulary_are_no_rates_per_euro() -> None:
    [bad] = exchange_files.parse(b"<a><Cube time='2026-11-20'><Cube currency='USD' rate='1.1'/></Cube></a>").bad

    assert bad.reason == "there are no rates in this file"


def test_of_an_xml_file_that_breaks_off_nothing_is_taken() -> None:
    whole = (DATA / "eurofxref-daily.xml").read_bytes()
    found = exchange_files.parse(whole.replace(b"</gesmes:Envelope>", b""))

    assert found.rates == []
    assert [bad.reason for bad in found.bad] == ["this is not well-formed XML"]


def test_a_day_in_an_xml_file_that_is_none_is_told() -> None:
    found = exchange_files.parse((DATA / "eurofxref-daily.xml").read_bytes().replace(b"2026-11-20", b"2026-11-31"))

    assert [(bad.line, bad.column, bad.reason) for bad in found.bad] == [(1, "time", "“2026-11-31” is not a date")]
    assert found.rates == []


def test_a_zip_is_no_text() -> None:
    assert exchange_files.parse(b"PK\x03\x04\xff\xfe").bad[0].reason == "this is no text: unpack a ZIP file first"
