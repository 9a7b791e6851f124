import re
import socket
import subprocess
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from pypdf import PdfReader

from invoicing.documents import pdf
from invoicing.documents.child import RenderingRefusedError
from invoicing.documents.value import Kind, Line
from tests.invoicing.documents.samples import BARE, BUYER, DOCUMENT, calls, saying
from tests.support import glyphs

NAMES = [
    "Łódź Žižkov Ærø ApS",
    "Ελληνικά Τηλέφωνα",
    "Телефония Ёлка",
    "مؤسسة هاتف",
    "חברת טלפונים בעם",
    "日本電話株式会社",
    "北京电话公司",
    "한국전화",
    "ทีโอที",
    "दूरभाष",
    "Cafe\u0301 Zoe\u0308",
    "Ring 📞 Ltd",
]


def reader(content: bytes) -> PdfReader:
    return PdfReader(BytesIO(content))


def text_of(content: bytes, tmp_path: Path) -> str:
    """What a person could copy from the PDF, line by line as it stands on the paper."""
    (tmp_path / "document.pdf").write_bytes(content)
    found = subprocess.run(["pdftotext", "-layout", "document.pdf", "-"], cwd=tmp_path, capture_output=True, check=True)
    return found.stdout.decode()


def words_of(content: bytes, tmp_path: Path) -> str:
    return " ".join(text_of(content, tmp_path).split())


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A server on this machine that waits to be asked."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        yield server


@pytest.mark.poppler
@pytest.mark.rel(37)
@pytest.mark.rel(6)
def test_the_figures_of_the_pdf_are_those_of_the_document(tmp_path: Path) -> None:
    text = words_of(pdf.render(DOCUMENT), tmp_path)

    for row in (
        "To pay by 15 November 2025 1,402.16 GBP",
        "Calls 1 860.47 20 % 860.47",
        "Telephone lines 22 12.50 20 % 275.00",
        "Numbers 9 2.00 20 % 18.00",
        "Net 1,168.47",
        "VAT 20 % 233.69",
        "Total, GBP 1,402.16",
        "VAT 20 % 1,168.47 233.69 1,402.16",
        "Germany mobile 402 3,911:24 733.48",
        "All calls 779 12,377:24 860.47",
    ):
        assert row in text


@pytest.mark.poppler
@pytest.mark.parametrize(("amount", "written"), [("0.01", "0.01"), ("-3.50", "−3.50"), ("1234567890.99", "1,234,567,890.99"), ("0.0123", "0.0123")])
def test_any_total_stands_in_the_pdf_with_all_its_digits(amount: str, written: str, tmp_path: Path) -> None:
    value = Decimal(amount)
    document = replace(BARE, lines=(Line("Line", value),), net=value, total=value)

    assert f"Total, EUR {written}" in words_of(pdf.render(document), tmp_path)


@pytest.mark.poppler
def test_the_foot_of_each_page_names_the_seller_the_number_and_the_page(tmp_path: Path) -> None:
    document = replace(DOCUMENT, calls=calls(120))
    made = pdf.render(document)
    pages = text_of(made, tmp_path).rstrip("\f").split("\f")

    assert len(pages) == len(reader(made).pages) > 3
    for place, page in enumerate(pages, start=1):
        foot = " ".join(page.strip().splitlines()[-1].split())
        assert foot == f"Harbour Voice Ltd · Company 09123456 · VAT GB 123 4567 82 · billing@harbourvoice.example HV-2025-0912 · page {place} of {len(pages)}"


@pytest.mark.poppler
def test_a_long_table_repeats_its_head_and_breaks_no_row(tmp_path: Path) -> None:
    document = replace(DOCUMENT, destinations=(), source_lines=(), calls=calls(200))

    pages = text_of(pdf.render(document), tmp_path).rstrip("\f").split("\f")[1:]

    assert all(re.search(r"Time +From +To +Destination +Minutes", page) for page in pages)
    assert sum(len(re.findall(r"Oct 10:51:\d\d +\+44 113 496 0020 +\+49 1512 3456789 +Germany mobile +1:01 +0\.0100", page)) for page in pages) == 200
    assert [page.count("200 calls") for page in pages] == [0] * (len(pages) - 1) + [1]


@pytest.mark.poppler
def test_empty_fields_leave_no_hole(tmp_path: Path) -> None:
    made = pdf.render(BARE)
    lines = [" ".join(line.split()) for line in text_of(made, tmp_path).splitlines() if line.strip()]

    assert len(reader(made).pages) == 1
    assert lines == [
        "Solo",
        "S Invoice",
        "1",
        "Billed to Invoice date 1 January 2026",
        "Anna",
        "To pay 5.00 EUR",
        "What this invoice is for",
        "Description Amount, EUR",
        "Line 5.00",
        "Total, EUR 5.00",
        "Solo 1 · page 1 of 1",
    ]


@pytest.mark.poppler
@pytest.mark.rel(83)
@pytest.mark.parametrize("name", NAMES)
def test_names_of_every_script_are_readable(name: str, tmp_path: Path) -> None:
    document = replace(BARE, buyer=replace(BUYER, name=name), note="1,402.16")

    found = unicodedata.normalize("NFC", text_of(pdf.render(document), tmp_path))
    visible = "".join(char for char in found if unicodedata.category(char) != "Cf")

    assert unicodedata.normalize("NFC", name) in visible or unicodedata.normalize("NFC", name)[::-1] in visible
    assert "Total, EUR 5.00" in " ".join(visible.split())


@pytest.mark.rel(83)
def test_every_sign_of_every_script_has_a_shape_of_its_own() -> None:
    document = replace(BARE, buyer=replace(BUYER, name=" · ".join(NAMES)))

    drawn = list(glyphs.glyphs(pdf.render(document)))

    assert [text for text, is_drawn in drawn if text.strip() and not is_drawn] == []
    assert set("".join(NAMES)) - {" "} - set("".join(text for text, _is_drawn in drawn)) == set()


@pytest.mark.rel(83)
def test_a_sign_that_no_font_has_is_found_to_have_no_shape() -> None:
    document = replace(BARE, buyer=replace(BUYER, name="Anna \ue123 Ltd"))

    assert [text for text, is_drawn in glyphs.glyphs(pdf.render(document)) if text.strip() and not is_drawn] == ["\ue123"]


@pytest.mark.poppler
@pytest.mark.rel(80)
@pytest.mark.parametrize("kind", [Kind.INVOICE, Kind.CREDIT_NOTE])
def test_markup_in_every_text_is_printed_fetches_nothing_and_attaches_nothing(kind: Kind, listener: socket.socket, tmp_path: Path) -> None:
    address = f"http://127.0.0.1:{listener.getsockname()[1]}/x"
    payload = f'"><link rel=attachment href=file:///etc/passwd><img src={address}><style>@import "{address}";</style>'

    made = pdf.render(saying(payload, kind))

    with pytest.raises(TimeoutError):
        listener.accept()
    assert reader(made).attachments == {}
    assert b"/EmbeddedFile" not in made
    assert "<img" in text_of(made, tmp_path)


@pytest.mark.rel(80)
@pytest.mark.parametrize(
    "markup",
    [
        '<img src="file:///etc/passwd">',
        '<img src="{http}">',
        '<link rel="stylesheet" href="{http}">',
        '<style>@import "{http}";</style>',
        "<style>@font-face {{ font-family: X; src: url({http}) }}</style>",
        '<p style="background: url({http})">x</p>',
        '<link rel="attachment" href="file:///etc/passwd">',
        '<object data="file:///etc/passwd"></object>',
        '<embed src="{http}">',
        '<img src="data:image/png;base64,AAAA">',
        '<img src="logo.png">',
        '<img src="https://documents.invalid/../brand.css">',
    ],
)
def test_a_page_that_asks_for_anything_but_its_bundle_is_refused(markup: str, listener: socket.socket) -> None:
    address = f"http://127.0.0.1:{listener.getsockname()[1]}/x"

    with pytest.raises(RenderingRefusedError):
        pdf.from_html(f"<!doctype html><html><body>{markup.format(http=address)}</body></html>", {})
    with pytest.raises(TimeoutError):
        listener.accept()


@pytest.mark.poppler
@pytest.mark.parametrize("count", [10, 12, 13, 14, 20])
def test_tax_summary_and_bank_lines_stay_together_wherever_the_page_ends(count: int, tmp_path: Path) -> None:
    more = tuple(Line(f"Line {n}", Decimal(0), detail="Nothing", tax_percent=Decimal(20)) for n in range(count))
    document = replace(DOCUMENT, lines=(*DOCUMENT.lines, *more), destinations=(), source_lines=())

    pages = text_of(pdf.render(document), tmp_path).rstrip("\f").split("\f")

    [page] = [page for page in pages if "VAT summary" in page]
    assert re.search(r"VAT summary +How to pay\n.*IBAN.*Reference +HV-2025-0912", page, re.DOTALL)
    assert len([page for page in pages if "Net" in page and "Total, GBP" in page]) == 1


@pytest.mark.rel(80)
def test_after_a_refusal_the_worker_goes_on() -> None:
    with pytest.raises(RenderingRefusedError):
        pdf.from_html('<img src="file:///etc/passwd">', {})

    assert pdf.render(BARE).startswith(b"%PDF-1.7")


def test_the_pdf_is_tagged_and_says_what_it_is() -> None:
    made = reader(pdf.render(DOCUMENT))
    root: Any = made.root_object
    information = made.metadata

    assert information is not None
    assert (information.title, information.author) == ("Invoice HV-2025-0912, Harbour Voice Ltd", "Harbour Voice Ltd")
    assert str(information["/CreationDate"]).startswith("D:20251101")
    assert root["/MarkInfo"]["/Marked"]
    assert str(root["/Lang"]).startswith("en")
    assert re.search(r"pdfaid:part(>|=\")3", root["/Metadata"].get_data().decode())


def test_the_bundled_font_is_embedded() -> None:
    pages: list[Any] = list(reader(pdf.render(BARE)).pages)
    fonts = {str(font.get_object()["/BaseFont"]) for page in pages for font in page["/Resources"]["/Font"].values()}

    assert fonts
    assert all("Inter" in font for font in fonts)


def test_a_missing_font_is_an_error_and_not_a_page_without_text() -> None:
    with pytest.raises(FileNotFoundError, match="script/setup"):
        pdf._static("inter/files/none.woff2")


@pytest.mark.poppler
def test_the_same_document_gives_the_same_text(tmp_path: Path) -> None:
    assert text_of(pdf.render(DOCUMENT), tmp_path) == text_of(pdf.render(DOCUMENT), tmp_path)


@pytest.mark.poppler
def test_the_brand_colours_the_rule_and_the_logo_is_shown(tmp_path: Path) -> None:
    drawn = BytesIO()
    Image.new("RGB", (200, 100), (10, 200, 30)).save(drawn, "PNG")
    document = replace(DOCUMENT, seller=replace(DOCUMENT.seller, brand="#b00020", logo=drawn.getvalue()))

    (tmp_path / "document.pdf").write_bytes(pdf.render(document))
    subprocess.run(["pdftoppm", "-r", "50", "-f", "1", "-l", "1", "-singlefile", "-png", "document.pdf", "page"], cwd=tmp_path, check=True)

    with Image.open(tmp_path / "page.png") as page:
        counted = page.convert("RGB").getcolors(1_000_000) or []
    colours = {colour for _, colour in counted}
    assert (176, 0, 32) in colours
    assert (10, 200, 30) in colours
    assert (0, 100, 126) not in colours


@pytest.mark.rel(82)
def test_texts_at_their_limits_stay_on_a_few_pages() -> None:
    spoken = saying("W" * 255)
    document = replace(spoken, note="W" * 2_000, lines=tuple(replace(line, description="W" * 2_000, detail="word " * 400) for line in spoken.lines))

    assert len(reader(pdf.render(document)).pages) < 30
