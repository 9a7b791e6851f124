import gzip
import io
import time
import tracemalloc
import zipfile
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rateplans.domain import rates_cells, rates_file, rates_text
from rateplans.domain.rates_file import RatesFile, RowError, parse
from rateplans.domain.rating import Rate
from tests.sizes import size

D = Decimal
EXTRACT = Path(__file__).parents[2] / "data" / "rates-az-extract.csv"
HEAD = "prefix,destination,per minute\n"
GOOD = Rate("44", "UK", D("0.01"))


def read(text: str, encoding: str = "utf-8") -> RatesFile:
    return parse(text.encode(encoding))


def problems(text: str) -> list[tuple[int, str, str]]:
    return [(error.line, error.column, error.reason) for error in read(text).errors]


def reason(column: str, value: str) -> str:
    cells = {"prefix": "44", "destination": "UK", "per minute": "0.01"} | {column: value}
    quoted = ",".join('"' + cell.replace('"', '""') + '"' for cell in cells.values())
    result = read(",".join(cells) + "\n" + quoted + "\n")
    [error] = result.errors
    assert (error.line, error.column, error.value, result.rates, result.rows) == (2, column, value, [], 1)
    return error.reason


def test_a_full_row_becomes_a_rate() -> None:
    text = "prefix,destination,per minute,connection charge,initial increment,increment,included seconds,minimum\n4420,UK - London,0.0123,0.05,60,6,30,0.10\n"

    assert read(text).rates == [Rate("4420", "UK - London", D("0.0123"), D("0.05"), 60, 6, 30, D("0.10"))]
    assert read(text).errors == []


def test_the_optional_columns_have_their_defaults() -> None:
    assert read(HEAD + "44,UK,0.01").rates == [Rate("44", "UK", D("0.01"), D(0), 1, 1, 0, D(0))]
    assert read("prefix,destination,per minute,minimum,increment\n44,UK,0.01, ,\n").rates == [GOOD]


def test_headers_come_in_any_order_and_case() -> None:
    assert read("Per_Minute , DESTINATION,Prefix\n0.01,UK,44\n").rates == [GOOD]


def test_the_headers_of_astpp_are_understood() -> None:
    text = "Code,Destination,Connection Cost,Grace Time,Cost / Min,Initial Increment,Increment\n1201,New Jersey,0.01,5,0.0022,60,6\n"

    assert read(text).rates == [Rate("1201", "New Jersey", D("0.0022"), D("0.01"), 60, 6, 5)]


def test_a_real_sheet_loads_as_it_is() -> None:
    result = parse(EXTRACT.read_bytes())

    assert (result.errors, result.ignored_columns) == ([], [])
    assert len(result.rates) == result.rows > 3000
    assert max(len(rate.destination) for rate in result.rates) == 298


def test_a_large_sheet_is_read_in_about_a_second() -> None:
    rows = "".join(f"{200_000 + n},Somewhere {n},0.0{n % 9999:04},0.01,60,6\n" for n in range(37_489))
    content = ("prefix,destination,per minute,connection charge,initial increment,increment\n" + rows).encode()

    began = time.process_time()
    result = parse(content)

    assert (len(result.rates), result.errors) == (37_489, [])
    assert time.process_time() - began < 2


@pytest.mark.rel(85)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1", "cp1252"])
def test_every_usual_encoding_is_read(encoding: str) -> None:
    assert read(HEAD + "4362,Österreich - Mürztal,0.01\n", encoding).rates == [Rate("4362", "Österreich - Mürztal", D("0.01"))]


@pytest.mark.rel(85)
@pytest.mark.parametrize("mark", [",", ";", "|", "\t"])
def test_every_usual_separator_is_read(mark: str) -> None:
    assert read((HEAD + "44,UK,0.01\n").replace(",", mark)).rates == [GOOD]


@pytest.mark.rel(85)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_line_end_is_read_and_counted(end: str) -> None:
    result = read((HEAD + "44,UK,0.01\n\n46,SE,x\n").replace("\n", end))

    assert result.rates == [GOOD]
    assert [error.line for error in result.errors] == [4]


def test_mixed_line_ends_are_read_and_counted() -> None:
    assert problems("prefix,destination,per minute\r\n44,UK,0.01\r46,SE,x\n") == [(3, "per minute", "Not a number.")]


@pytest.mark.rel(85)
def test_quotes_may_hold_separators_quotes_and_line_breaks_and_lines_stay_those_of_the_file() -> None:
    result = read(HEAD + '81, "Japan, ""Shinshiro""\n  Aichi" ,0.02\n46,SE,x\n')

    assert result.errors[0].line == 2  # a blank behind the closing quotation mark

    result = read(HEAD + '81, "Japan, ""Shinshiro""\n  Aichi",0.02\n46,SE,x\n')
    assert result.rates == [Rate("81", 'Japan, "Shinshiro" Aichi', D("0.02"))]
    assert [error.line for error in result.errors] == [4]


def test_spaces_around_fields_and_blank_rows_do_not_count() -> None:
    result = read(HEAD + "\n 44 ,  UK ,\t0.01 \n,,\n  ,  ,  \n")

    assert (result.rates, result.rows, result.errors) == ([GOOD], 1, [])


@pytest.mark.parametrize(
    ("mark", "written", "amount"),
    [(";", "0,0123", "0.0123"), (";", "0,012", "0.012"), ("\t", "12,5", "12.5"), (";", "1234,567", "1234.567"), (";", ".5", ".5")],
)
def test_a_decimal_comma_is_read_where_it_can_be_nothing_else(mark: str, written: str, amount: str) -> None:
    text = f"prefix{mark}destination{mark}per minute\n44{mark}UK{mark}{written}\n"

    assert read(text).rates == [Rate("44", "UK", D(amount))]


def test_a_quoted_decimal_comma_is_read_in_a_comma_file() -> None:
    assert read(HEAD + '44,UK,"0,01"').rates == [GOOD]


@pytest.mark.rel(85)
@pytest.mark.rel(23)
@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("1,234", "The comma could mark thousands or decimals; write 1.234 or 1234."),
        ("1,234.5", "Write the price without marks between thousands, decimals behind a point."),
        ("1.234,5", "Write the price without marks between thousands, decimals behind a point."),
        ("1 234.5", "Write the price without marks between thousands, decimals behind a point."),
        ("-0.01", "A price cannot be negative."),
        ("−0.01", "A price cannot be negative."),
        ("-0", "A price cannot be negative."),
        ("1e5", "Written with an exponent, as spreadsheets do; write all digits plainly."),
        ("1E-7", "Written with an exponent, as spreadsheets do; write all digits plainly."),
        ("0.0123456", "The price has 7 decimals; at most 6 are possible."),
        ("0.333333333333333333333333333333", "The price has 30 decimals; at most 6 are possible."),
        ("1000000", "The price is too large; at most 999999.999999 is possible."),
        ("1000000.5", "The price is too large; at most 999999.999999 is possible."),
        ("٠.٥", "The price is written in digits other than 0 to 9."),
        ("０.５", "The price is written in digits other than 0 to 9."),
        ("=1+1", "The cell holds a formula, not a value."),
        ("＝A1", "The cell holds a formula, not a value."),
        ("", "The cell is empty."),
        ("NaN", "Not a number."),
        ("Infinity", "Not a number."),
        ("0x10", "Not a number."),
        ("1_000", "Not a number."),
        ("$0.01", "Not a number."),
        ("free", "Not a number."),
        ("1.", "Not a number."),
    ],
)
def test_a_price_that_is_none_is_refused_with_its_reason(value: str, why: str) -> None:
    assert reason("per minute", value) == why


@pytest.mark.parametrize("column", ["connection charge", "minimum"])
def test_the_other_prices_are_held_to_the_same(column: str) -> None:
    assert reason(column, "-1") == "A price cannot be negative."


@pytest.mark.rel(59)
@pytest.mark.parametrize("value", ["9" * 130_000 + "x", "9" * 65_000 + "." + "9" * 65_000 + "x", "9" * 130_000 + "e", "1" + " 111" * 32_000 + "x"])
def test_a_price_as_long_as_a_cell_may_be_is_refused_at_once(value: str) -> None:
    begun = time.process_time()

    assert [error.reason for error in parse(f"prefix,destination,per minute\n44,UK,{value}\n".encode()).errors] == ["Not a number."]
    assert time.process_time() - begun < 1


def test_no_blanks_are_remembered_with_a_price() -> None:
    rates_cells.money_amount.cache_clear()
    kept = [parse(f"prefix,destination,per minute\n44,UK,{' ' * count}0.5\n".encode()).rates[0].per_minute for count in (1, 100_000, 100_001)]

    assert (kept, rates_cells.money_amount.cache_info().currsize) == ([Decimal("0.5")] * 3, 1)


def test_a_price_of_zero_and_the_highest_price_are_prices() -> None:
    assert [rate.per_minute for rate in read(HEAD + "44,UK,0\n46,SE,999999.999999\n").rates] == [D(0), D("999999.999999")]


@pytest.mark.rel(85)
@pytest.mark.parametrize("written", ["44", "+44", "0044", " 4 4 ", "+ 44"])
def test_a_prefix_may_be_written_in_the_usual_ways(written: str) -> None:
    assert read(HEAD + f"{written},UK,0.01\n").rates == [GOOD]


@pytest.mark.rel(85)
@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("", "The cell is empty."),
        ("+", "The prefix has no digits."),
        ("00", "The prefix has no digits."),
        ("020", "No country code begins with 0; write the prefix with its country code."),
        ("00044", "No country code begins with 0; write the prefix with its country code."),
        ("44x", "A prefix is digits only, country code first."),
        ("44.0", "A prefix is digits only, country code first."),
        ("1-201", "A prefix is digits only, country code first."),
        ("4.42E+11", "Written with an exponent, as spreadsheets do; write all digits plainly."),
        ("٤٤", "The prefix is written in digits other than 0 to 9."),
        ("４４", "The prefix is written in digits other than 0 to 9."),
        ("1234567890123456", "The prefix has 16 digits; at most 15 are possible."),
        ('="44"', "The cell holds a formula, not a value."),
    ],
)
def test_a_prefix_that_is_none_is_refused_with_its_reason(value: str, why: str) -> None:
    assert reason("prefix", value) == why


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("", "The destination is empty."),
        (" \n ", "The destination is empty."),
        ("\u202e", "The destination is empty."),
        ("=cmd|' /c calc'!A1", "The cell holds a formula, not a name."),
        ("@SUM(A1)", "The cell holds a formula, not a name."),
        ("A" * 501, "The destination has 501 characters; at most 500 are possible."),
    ],
)
def test_a_destination_that_is_none_is_refused_with_its_reason(value: str, why: str) -> None:
    head = f'{HEAD}44,"{value}",0.01\n'

    assert [error.reason for error in read(head).errors] == [why]


def test_a_destination_is_one_line_without_marks_that_turn_the_writing() -> None:
    assert read(HEAD + '44," UK\u202e \n London ",0.01\n').rates[0].destination == "UK London"


@pytest.mark.parametrize(
    ("column", "value", "why"),
    [
        ("increment", "0", "0 is out of range; 1 to 86,400 seconds are possible."),
        ("increment", "-1", "A number of seconds cannot be negative; 1 to 86,400 is possible."),
        ("increment", "6.0", "Not a whole number of seconds."),
        ("increment", "٦", "Not a whole number of seconds."),
        ("increment", "1e2", "Written with an exponent, as spreadsheets do; write all digits plainly."),
        ("initial increment", "86401", "86,401 is out of range; 0 to 86,400 seconds are possible."),
        ("included seconds", "9999999999", "Not a whole number of seconds."),
    ],
)
def test_seconds_are_whole_and_within_reason(column: str, value: str, why: str) -> None:
    assert reason(column, value) == why


def test_an_initial_increment_of_zero_is_that_of_the_increment() -> None:
    assert read("prefix,destination,per minute,initial increment,increment\n44,UK,0.01,0,6\n").rates[0].initial_increment == 6
    assert read("prefix,destination,per minute,initial increment\n44,UK,0.01,0\n").rates[0].initial_increment == 1


@pytest.mark.rel(85)
def test_a_prefix_that_stands_twice_names_its_first_line() -> None:
    assert problems(HEAD + "44,UK,0.01\n46,SE,0.01\n+44,UK,0.02\n") == [(4, "prefix", "The prefix stands in line 2 already.")]


@pytest.mark.rel(85)
def test_every_bad_cell_of_a_row_is_named_in_the_words_of_the_header() -> None:
    result = read("Code,Destination,Cost / Min\nx,,y\n")

    assert [(error.column, error.value) for error in result.errors] == [("Code", "x"), ("Destination", ""), ("Cost / Min", "y")]


@pytest.mark.rel(85)
@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", [(0, "", "The file is empty.")]),
        (" \n\t\n,,\n", [(0, "", "The file is empty.")]),
        (HEAD, [(0, "", "The file has a header, but no rates below it.")]),
        ("44,UK,0.01\n", [(1, "", "The first row must name the columns: prefix, destination, per minute, and any of the optional ones.")]),
        ("prefix,price\n44,1\n", [(1, "destination", "The column “destination” is missing."), (1, "per minute", "The column “per minute” is missing.")]),
        ("prefix,Code,destination,per minute\n44,44,UK,1\n", [(1, "Code", "The column “prefix” stands twice.")]),
        (HEAD + "44,UK\n", [(2, "", "The row has 2 cells, the header has 3.")]),
        (HEAD + "44,UK,0.01,late\n", [(2, "", "The row has 4 cells, the header has 3.")]),
        (HEAD + "44,UK,0.01\n46,Swe", [(3, "", "The row has 2 cells, the header has 3.")]),
        (HEAD + "44,UK,0.01\n46,SE\x00,1\n", [(3, "", rates_text._BINARY)]),
        (HEAD + "44,UK,0.01\n\x7fELF\x02\x01", [(3, "", rates_text._BINARY)]),
    ],
)
def test_a_file_of_the_wrong_shape_is_told_where(text: str, found: list[tuple[int, str, str]]) -> None:
    assert problems(text) == found


def test_empty_cells_behind_the_last_column_do_not_matter() -> None:
    assert read("prefix,destination,per minute,,\n44,UK,0.01,,\n").rates == [GOOD]
    assert read(HEAD + "44,UK,0.01,,,\n").rates == [GOOD]


def test_columns_nobody_knows_are_ignored_and_named() -> None:
    result = read("prefix,destination,Effective date,per minute,Currency\n44,UK,31/02/2027,0.01,XXX\n")

    assert (result.rates, result.errors, result.ignored_columns) == ([GOOD], [], ["Effective date", "Currency"])


@pytest.mark.rel(85)
def test_a_quotation_mark_that_is_never_closed_is_found_where_it_opens() -> None:
    [error] = read(HEAD + '44,UK,0.01\n46,"Sweden,0.01\n' + "47,NO,0.01\n" * 3).errors

    assert error.line == 3
    assert error.reason.startswith("A quotation mark opens in this row and is not closed")


@pytest.mark.rel(85)
def test_a_cell_of_ten_million_letters_and_a_hundred_thousand_columns_are_answered() -> None:
    [huge] = read(HEAD + "44," + "A" * 10_000_000 + ",0.01\n").errors
    wide = read(",".join(["column"] * 100_000) + "\n")

    assert huge.line == 2
    assert [error.line for error in wide.errors] == [1]
    assert read("prefix\n" + "44\n" * 100_000).errors[0].column == "destination"


def zipped() -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", "0" * 1_000_000)
    return target.getvalue()


@pytest.mark.rel(85)
@pytest.mark.rel(87)
@pytest.mark.parametrize(
    ("content", "word"),
    [
        (zipped(), "zip archive"),
        (gzip.compress(HEAD.encode()), "gzip"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "xls"),
        (b"%PDF-1.7", "PDF"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "picture"),
        (bytes(range(256)) * 4, "no text"),
        ("prefix,destination,per minute\n".encode("utf-32"), "no text"),
        (b"\xff\xfep\x00r", "UTF-16"),
    ],
    ids=["zip", "gzip", "xls", "pdf", "png", "bytes", "utf-32", "half utf-16"],  # an archive holds the time it was made, so its bytes name nothing
)
def test_what_is_no_csv_is_refused_in_words(content: bytes, word: str) -> None:
    result = parse(content)

    assert len(result.errors) == 1
    assert word in result.errors[0].reason
    assert result.rates == []


@pytest.mark.rel(85)
def test_a_file_of_two_encodings_names_the_lines_that_differ() -> None:
    content = HEAD.encode() + "4362,Mürztal,0.01\n".encode() + "49,Köln,0.01\n".encode("latin-1")

    assert [(error.line, error.reason) for error in parse(content).errors] == [(3, rates_text._MIXED)]


@pytest.mark.rel(59)
@pytest.mark.rel(87)
@pytest.mark.rel(59)
@pytest.mark.parametrize(("first", "told"), [(b"\xff", 0), ("é".encode(), 40_000)])
def test_a_file_of_very_many_lines_that_are_not_utf_8_takes_no_memory_for_each(first: bytes, told: int) -> None:
    content = first + b"\n" + b"\xff\xfe\n" * 40_000
    tracemalloc.start()
    try:
        places, left_out = len(rates_text.decode(content)) - len(content), 0
    except rates_text.UnreadableError as mixed:
        places, left_out = len(mixed.places), mixed.left_out
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert (places + left_out, min(places, 10_000)) == (told, places)
    assert peak < 3_000_000


@pytest.mark.rel(59)
def test_of_many_rows_each_is_held_once_and_names_and_prices_that_many_share_too() -> None:
    rows = size(5_000, 100_000)
    content = HEAD.encode() + b"".join(b"%d,Country %d with a name of some length,0.%04d\n" % (1_000_000 + row, row % 40, row % 500) for row in range(rows))
    parse(content[:1_000])
    tracemalloc.start()
    result = parse(content)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert (len(result.by_prefix), result.errors) == (rows, [])
    assert peak < 4_500_000 + len(content) + 300 * rows, "four bytes for each letter of a block, the text, and the rates"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_file_of_many_blocks_is_read_as_one(end: str, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (HEAD + '44,"U\n""K""\n",0.01\n' + "".join(f"{row},Country,0.0{row}\n" for row in range(50, 99)) + "51,Again,1\n44,Again,1\n98,Again,1\n").replace(
        "\n", end
    )
    whole = read(text)
    monkeypatch.setattr(rates_file, "BLOCK", 7)
    parts = read(text)

    assert (parts.rates, parts.errors) == (whole.rates, whole.errors)
    assert parts.by_prefix["44"].destination == 'U "K"'
    assert [(error.line, error.reason) for error in parts.errors] == [
        (54, "The prefix stands in line 6 already."),
        (55, "The prefix stands in line 2 already."),
        (56, "The prefix stands in line 53 already."),
    ]


def test_a_prefix_that_stands_again_later_is_found_after_others_that_did() -> None:
    text = HEAD + "44,A,1\n44,A,1\n45,B,1\n46,C,1\n45,B,1\n44,A,1\n46,C,1\n"

    assert [line for line, _column, _reason in problems(text)] == [3, 6, 7, 8]
    assert [reason.split()[5] for _line, _column, reason in problems(text)] == ["2", "4", "2", "5"]


def test_more_than_fifty_megabytes_are_not_read() -> None:
    assert [error.reason for error in parse(b"4" * 50_000_001).errors] == ["The file has 50 MB. At most 50 MB are read."]


@pytest.mark.rel(59)
@pytest.mark.rel(87)
def test_more_than_two_million_rows_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rates_file, "MAX_ROWS", 2)
    result = read(HEAD + "44,UK,0.01\n46,SE,0.01\n47,NO,0.01\n48,PL,0.01\n")

    assert (len(result.rates), result.rows) == (2, 2)
    assert [(error.line, error.reason) for error in result.errors] == [(4, "The file has more than 2 rows. The rows from here on were not read.")]


def test_very_many_errors_are_counted_rather_than_kept() -> None:
    result = read(HEAD + "x,UK,0.01\n" * 10_005)

    assert (len(result.errors), result.errors_left_out, result.rows) == (10_000, 5, 10_005)
    assert result.errors[-1] == RowError(10_001, "prefix", "x", "A prefix is digits only, country code first.")


@pytest.mark.rel(85)
@given(st.binary(max_size=300))
def test_no_bytes_make_it_fail(content: bytes) -> None:
    assert isinstance(parse(content), RatesFile)


cells = st.one_of(st.text(max_size=12), st.sampled_from(["44", "0.01", '"', "=1", "1e5", "NaN", "\r", "\n", "٤", "-0", "+44", ",", ""]))


@pytest.mark.rel(85)
@given(st.lists(st.lists(cells, max_size=5), max_size=8), st.sampled_from([",", ";", "|", "\t"]))
def test_no_rows_make_it_fail(rows: list[list[str]], mark: str) -> None:
    text = mark.join(["prefix", "destination", "per minute"]) + "\n" + "\n".join(mark.join(row) for row in rows)
    result = parse(text.encode("utf-8", "surrogatepass"))

    assert all(error.reason and error.line >= 0 for error in result.errors)
    assert all(rate.prefix.isdigit() and rate.destination and rate.increment >= 1 for rate in result.rates)
