"""Files for the visitor."""

import pytest

from billing_portal.web.downloads import attachment, cell, csv_file, inline, safe_name


def test_a_file_is_saved_under_its_name() -> None:
    answer = attachment(b"%PDF", "invoice HV-1.pdf", "application/pdf")

    assert answer.headers["Content-Disposition"] == 'attachment; filename="invoice HV-1.pdf"'
    assert answer.content == b"%PDF"


def test_a_pdf_may_be_shown_in_place() -> None:
    assert inline(b"%PDF", "a.pdf", "application/pdf").headers["Content-Disposition"].startswith("inline")


@pytest.mark.parametrize(
    ("given", "safe"),
    [("../../etc/passwd", ".._.._etc_passwd".strip(" .")), ('a"b\r\n.csv', "a_b__.csv"), ("…", "_"), ("", "file"), ("Größe.pdf", "Größe.pdf")],
)
def test_a_name_holds_no_path_and_no_header(given: str, safe: str) -> None:
    assert safe_name(given) == safe


@pytest.mark.rel(84)
@pytest.mark.parametrize(
    "text", ["=1+1", "+44 20", "@x", "-cmd", "\tx", "\rx", "\nx", " =1+1", "＝1+1", "＋1", "－1", "＠SUM", "=cmd|' /c calc'!A1", "-1e5", "+1", "--1"]
)
def test_a_cell_is_never_a_formula(text: str) -> None:
    assert cell(text) == f"'{text}"


@pytest.mark.rel(84)
@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("Anna;=1+1;x", "Anna;'=1+1;x"),
        ("a;+1;-2;@x", "a;'+1;'-2;'@x"),
        ("a; =1", "a;' =1"),
        ('a;"=1+1;', "a;'\"=1+1;"),
        ("a\n=1", "a\n'=1"),
        ("\n=1", "'\n'=1"),
        ("a\r\n=1", "a\r\n'=1"),
        ("a\t=1", "a\t'=1"),
        ("a;＝1", "a;'＝1"),
        ("=a;=1", "'=a;'=1"),
        ("1;-2", "1;'-2"),
    ],
)
def test_nor_where_a_spreadsheet_parts_cells_by_semicolons(text: str, safe: str) -> None:
    assert cell(text) == safe


@pytest.mark.parametrize("text", ["Anna; Bob", "a;b=c", "x-1;y", "street\ncity", "a;;b"])
def test_a_semicolon_alone_changes_nothing(text: str) -> None:
    assert cell(text) == text


@pytest.mark.rel(84)
def test_what_no_file_can_hold_is_left_out() -> None:
    assert (cell("\0=1"), cell("a\0b\ud800")) == ("'=1", "ab")


@pytest.mark.parametrize(("value", "shown"), [("-12.50", "-12.50"), (3, "3"), (None, ""), ("Acme Ltd", "Acme Ltd"), ("٣", "٣"), ("it's", "it's")])
def test_numbers_and_words_stay_as_they_are(value: object, shown: str) -> None:
    assert cell(value) == shown


@pytest.mark.django_db
def test_a_table_is_sent_as_csv() -> None:
    answer = csv_file("calls.csv", ["To", "Price"], [["=bad", "0.0120"], ["Ünal, Ltd", "1.00"]])

    assert answer.getvalue().decode() == '\ufeff"To","Price"\r\n"\'=bad",0.0120\r\n"Ünal, Ltd",1.00\r\n'
