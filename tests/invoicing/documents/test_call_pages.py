"""More calls than can be laid out: drawn pages behind the others, in the same look, numbered on, every call to be found and copied."""

import re
import resource
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from pypdf import PdfReader

from invoicing.documents import call_fonts, call_pages, html, pdf
from invoicing.documents.value import InvoiceDocument
from tests.invoicing.documents.samples import BARE, DOCUMENT, calls
from tests.sizes import size

pytestmark = pytest.mark.filterwarnings("ignore:unclosed file .*sRGB2014:ResourceWarning")
FIRST, OTHERS = call_pages.ON_FIRST, call_pages.ON_OTHERS
MANY = html.CALLS_PRINTED + 1
NAMES = ["Łódź Žižkov", "Ελληνικά", "Телефония Ёлка", "東京", "x" * 60]


def listing(count: int, base: InvoiceDocument = DOCUMENT) -> InvoiceDocument:
    named = tuple(replace(call, destination=name) for call, name in zip(calls(len(NAMES)), NAMES, strict=True))
    return replace(base, calls=(*named, *calls(count - len(named))))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The PDF of a document with one call more than is laid out."""
    file = tmp_path_factory.mktemp("long") / "document.pdf"
    file.write_bytes(pdf.render(listing(MANY)))
    return file


def pages_of(file: Path) -> list[str]:
    found = subprocess.run(["pdftotext", "-layout", file, "-"], capture_output=True, check=True)
    return found.stdout.decode().rstrip("\f").split("\f")


@pytest.mark.poppler
@pytest.mark.rel(82)
def test_every_call_stands_on_it_once_and_can_be_copied(made: Path) -> None:
    text = "\n".join(pages_of(made))

    rows = re.findall(r"^ *\d\d Oct 10:51:\d\d +\+44 113 496 0020 +\+49 1512 3456789 +(\S.*?) +1:01 +0\.0100$", text, re.MULTILINE)
    assert len(rows) == MANY
    assert rows[:5] == ["Łódź Žižkov", "Ελληνικά", "Телефония Ёлка", "??", rows[4]]
    assert re.fullmatch("x+…", rows[4])
    assert f"{MANY:,} calls" in text
    assert re.search(r"2,001 calls +2,034:21 +20\.0100", text)


@pytest.mark.poppler
def test_each_page_has_the_foot_and_counts_all_pages_and_each_drawn_one_the_heads_of_the_columns(made: Path) -> None:
    pages = pages_of(made)

    drawn = call_pages.count(MANY)
    assert len(pages) == drawn + 2
    for place, page in enumerate(pages, 1):
        foot = " ".join(page.strip().splitlines()[-1].split())
        assert foot == f"Harbour Voice Ltd · Company 09123456 · VAT GB 123 4567 82 · billing@harbourvoice.example HV-2025-0912 · page {place} of {len(pages)}"
    assert [bool(re.search(r"Time +From +To +Destination +Minutes +Amount, GBP", page)) for page in pages] == [False] * 2 + [True] * drawn
    assert [page.count("Every call, October 2025") for page in pages] == [0, 0, 1] + [0] * (drawn - 1)
    assert "Each of the 2001 calls is listed at the end of the PDF." in " ".join(pages[1].split())


def fonts_of(file: Path) -> Iterator[Any]:
    with pikepdf.open(file) as opened:
        for page in opened.pages:
            yield from page.obj["/Resources"]["/Font"].values()


def test_it_is_an_archive_with_the_same_font_and_nothing_attached(made: Path) -> None:
    reader = PdfReader(made)
    root: Any = reader.root_object
    about = root["/Metadata"].get_data().decode()

    assert re.search(r"pdfaid:part(>|=\")3", about)
    assert re.search(r"pdfaid:conformance(>|=\")U", about)
    assert "/StructTreeRoot" not in root
    assert len(root["/OutputIntents"]) == 1
    assert reader.attachments == {}
    assert reader.metadata is not None
    assert reader.metadata.title == "Invoice HV-2025-0912, Harbour Voice Ltd"
    for font in fonts_of(made):
        inner = font["/DescendantFonts"][0] if "/DescendantFonts" in font else font
        assert "Inter" in str(font["/BaseFont"])
        assert "/FontFile2" in inner["/FontDescriptor"]
        assert "/ToUnicode" in font
        assert not ("/Encoding" in font and int(inner["/FontDescriptor"]["/Flags"]) & 4 and font["/Subtype"] == "/TrueType")


def test_up_to_two_thousand_calls_are_laid_out_and_tagged() -> None:
    assert not html.follow(listing(html.CALLS_PRINTED))
    assert html.follow(listing(MANY))


@pytest.mark.parametrize("number", [1, FIRST - 1, FIRST, FIRST + 1, FIRST + OTHERS, FIRST + OTHERS + 1])
def test_as_many_pages_are_drawn_as_were_counted_wherever_the_last_call_stands(number: int) -> None:
    drawn = call_pages.draw(replace(BARE, calls=calls(number)), before=3, total=3 + call_pages.count(number), read=pdf._static)
    pages = [page.extract_text() for page in PdfReader(BytesIO(drawn)).pages]

    assert len(pages) == call_pages.count(number)
    assert [f"page {place} of {3 + len(pages)}" in page for place, page in enumerate(pages, 4)] == [True] * len(pages)
    assert [f"{number:,} call" in page for page in pages] == [False] * (len(pages) - 1) + [True]


def test_figures_have_one_width_and_letters_their_own() -> None:
    face = call_fonts.face(call_fonts.REGULAR, pdf._static)

    assert len({face.width(figure, 8) for figure in "0123456789"}) == 1
    assert face.width("i", 8) < face.width("W", 8)
    assert face.width("Ж", 8) > 0


@pytest.mark.rel(82)
def test_twenty_thousand_calls_take_seconds_and_little_memory() -> None:
    document = listing(size(8_000, html.CALLS_LIMIT))
    pdf.warm()
    call_fonts.warm(pdf._static)
    before, memory = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    made = pdf.render(document)

    assert len(PdfReader(BytesIO(made)).pages) > 180
    assert time.process_time() - before < 20
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory < 150 * 1024
