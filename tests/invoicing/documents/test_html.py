import re
from dataclasses import replace
from decimal import Decimal
from html.parser import HTMLParser

import pytest

from billing_portal.kernel.errors import DomainError
from invoicing.documents import html
from invoicing.documents.value import DestinationLine, InvoiceDocument, Kind, Line, SourceLine
from tests.invoicing.documents.samples import BARE, DOCUMENT, calls, saying

PAYLOADS = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'><link rel=attachment href=file:///etc/passwd>",
    "</title><style>*{display:none}</style>",
    "<!--",
    "]]></body>",
    "{{ settings.SECRET_KEY }}",
    "{% include 'x' %}",
    "&lt;b&gt;",
    "javascript:alert(1)",
    "<svg onload=alert(1)>",
    "</style><iframe src=//x>",
]


class Tags(HTMLParser):
    """The elements and attributes of a page, in order, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, tuple[str, ...]]] = []
        self.words: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, tuple(name for name, _ in attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def page(document: InvoiceDocument) -> Tags:
    return Tags(html.render(document, stylesheets=["/static/documents/v1/invoice.css"]))


@pytest.mark.rel(80)
@pytest.mark.parametrize("payload", PAYLOADS)
@pytest.mark.parametrize("kind", [Kind.INVOICE, Kind.RECEIPT])
def test_markup_in_any_text_is_shown_and_does_nothing(payload: str, kind: Kind) -> None:
    shown = page(saying(payload, kind))

    assert shown.tags == page(saying("x", kind)).tags
    assert " ".join(payload.split()) in shown.text


def test_a_page_has_no_inline_style_no_script_and_nothing_undefined() -> None:
    for document in (DOCUMENT, BARE, saying("x"), replace(DOCUMENT, calls=calls(3))):
        shown = page(document)

        assert {"style", "script"}.isdisjoint(tag for tag, _ in shown.tags)
        assert not [names for _, names in shown.tags if any(name == "style" or name.startswith("on") for name in names)]
        assert "None" not in shown.text


def test_the_stylesheets_are_linked_in_their_order() -> None:
    written = html.render(BARE, stylesheets=["/a.css", "/b.css?x=1&y=2"])

    assert re.findall(r'<link rel="stylesheet" href="([^"]*)">', written) == ["/a.css", "/b.css?x=1&amp;y=2"]


def test_empty_fields_leave_no_hole() -> None:
    text = page(BARE).text

    for word in (
        "Attn.",
        "Due",
        "Period",
        "Time zone",
        "Account number",
        "Your reference",
        "How to pay",
        "Quantity",
        "Price",
        "Tax",
        "summary",
        "Net",
        "Calls",
        "Questions",
    ):
        assert word not in text
    assert "To pay 5.00 EUR" in text.replace("\xa0", " ")


def test_bank_lines_are_shown_only_where_something_is_to_be_paid() -> None:
    assert "GB33 BUKB 2020 1555 5555 55" in page(DOCUMENT).text
    assert "GB33 BUKB 2020 1555 5555 55" not in page(replace(DOCUMENT, to_pay=Decimal(0))).text


def test_items_of_earlier_periods_stand_apart() -> None:
    late = Line("Calls", Decimal("2.00"), detail="30 September 2025", earlier=True)
    document = replace(BARE, lines=(late, *BARE.lines), net=Decimal("7.00"), total=Decimal("7.00"))

    assert "Line 5.00 Earlier periods Calls 30 September 2025 2.00 Total, EUR 7.00" in page(document).text


def test_a_previous_balance_stands_below_the_total_and_leads_to_what_is_to_pay() -> None:
    document = replace(BARE, previous_balance=Decimal("-2.50"), to_pay=Decimal("2.50"))

    assert "Total, EUR 5.00 Previous balance −2.50 To pay, EUR 2.50" in page(document).text


def test_a_credit_note_says_what_it_refers_to_and_asks_for_nothing() -> None:
    text = page(replace(DOCUMENT, kind=Kind.CREDIT_NOTE, refers_to="HV-2025-0900")).text

    assert "For invoice HV-2025-0900" in text
    assert "How to pay" not in text
    assert "Due" not in text


def test_beyond_500_destinations_and_lines_the_rest_is_one_row() -> None:
    many = tuple(DestinationLine(f"Place {n}", 2, 61, Decimal("0.10")) for n in range(503))
    lines = tuple(SourceLine(f"Line {n}", 2, 61, Decimal("0.10")) for n in range(501))
    text = page(replace(DOCUMENT, destinations=many, source_lines=lines)).text

    assert "Place 499 2 1:01 0.10 3 other destinations 6 3:03 0.30 All calls 1,006 511:23 50.30" in text
    assert "Line 499 2 1:01 0.10 1 other line 2 1:01 0.10 All lines 1,002 509:21 50.10" in text


def test_up_to_2000_calls_each_is_printed() -> None:
    text = page(replace(DOCUMENT, calls=calls(2_000))).text

    assert text.count("+49 1512 3456789") == 2_000
    assert "2000 calls 2,033:20 20.0000" in text


def test_beyond_2000_calls_none_is_printed_and_the_page_says_where_they_are() -> None:
    text = page(replace(DOCUMENT, calls=calls(2_001))).text

    assert "+49 1512 3456789" not in text
    assert "Each of the 2001 calls is listed at the end of the PDF." in text


@pytest.mark.rel(82)
@pytest.mark.parametrize(
    "document",
    [
        replace(BARE, note="x" * 2_001),
        replace(BARE, number="x" * 256),
        replace(BARE, lines=(BARE.lines[0], *(Line("Nothing", Decimal(0), detail="x" * 2_000),) * 200)),
        replace(BARE, lines=(Line("x" * 2_001, Decimal("5.00")),)),
        replace(BARE, calls=calls(20_001)),
        replace(BARE, lines=(BARE.lines[0], *(Line("Nothing", Decimal(0)),) * 2_000)),
    ],
    ids=["note", "number", "all texts", "line", "calls", "lines"],
)
def test_a_document_too_large_to_lay_out_is_refused_before(document: InvoiceDocument) -> None:
    with pytest.raises(DomainError, match="document_too_large"):
        html.render(document, stylesheets=[])


def test_texts_of_2000_characters_are_not_too_large() -> None:
    assert "x" * 2_000 in page(replace(BARE, note="x" * 2_000)).text


def test_the_brand_stylesheet_holds_one_colour_and_nothing_else() -> None:
    assert html.brand_css("#00647E") == ":root{--brand:#00647e}"
    for colour in ("#00647e}*{display:none", "red", "#00647e\n", ""):
        with pytest.raises(DomainError, match="brand_not_a_colour"):
            html.brand_css(colour)


def test_the_logo_takes_the_place_of_the_initials() -> None:
    png = b"\x89PNG\r\n\x1a\nrest"
    document = replace(BARE, seller=replace(BARE.seller, logo=png))

    written = html.render(document, stylesheets=[], logo=html.logo_data(document))

    assert '<img class="logo" src="data:image/png;base64,iVBORw0KGgpyZXN0" alt="Solo">' in written
    assert 'class="mark"' not in written
    assert html.logo_data(BARE) == ""
