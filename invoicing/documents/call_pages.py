"""Every call of a document with very many of them: pages drawn row by row, in the look of the rest, at a tenth of the cost of a laid out table (row 82)."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from io import BytesIO
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from invoicing.documents import call_fonts, figures, words
from invoicing.documents.call_fonts import REGULAR, STRONG, Face, Reader
from invoicing.documents.value import CallLine, InvoiceDocument

MM = 72 / 25.4
WIDTH, HEIGHT = 210 * MM, 297 * MM
LEFT, RIGHT, TOP, BOTTOM = 18 * MM, WIDTH - 18 * MM, HEIGHT - 16 * MM, 24 * MM
ROW, SIZE, HEAD, FOOT, TITLE = 16.1, 8.0, 7.5, 7.5, 11.0
TITLE_HEIGHT, HEAD_HEIGHT, TOTALS_HEIGHT = 24.0, 18.0, 22.0
COLUMNS = (LEFT, LEFT + 27 * MM, LEFT + 59 * MM, LEFT + 91 * MM)  # where the columns of words begin
MINUTES, AMOUNT = RIGHT - 25 * MM, RIGHT  # where the columns of figures end
GAP = 4 * MM
INK, QUIET, LINE = (0.106, 0.137, 0.188), (0.353, 0.392, 0.447), (0.851, 0.871, 0.894)
ON_FIRST = int((TOP - BOTTOM - TITLE_HEIGHT - HEAD_HEIGHT) // ROW)
ON_OTHERS = int((TOP - BOTTOM - HEAD_HEIGHT) // ROW)


@dataclass
class Pen:
    """The page that is being drawn, and the two weights it is written in."""

    canvas: Any
    regular: Face
    strong: Face
    fitted: Any

    def write(self, x: float, y: float, text: str, size: float = SIZE, *, strong: bool = False, right: bool = False) -> None:
        """A text from x on, or up to x."""
        face = self.strong if strong else self.regular
        if right:
            x -= face.width(text, size)
        for font, run in face.runs(text):
            self.canvas.setFont(font, size)
            self.canvas.drawString(x, y, run)
            x += self.canvas.stringWidth(run, font, size)


def count(calls: int) -> int:
    """How many pages so many calls take; the totals may need one more."""
    parts = _parts(calls)
    return len(parts) + (0 if _room_below(len(parts), parts[-1][1] - parts[-1][0]) else 1)


def _parts(calls: int) -> list[tuple[int, int]]:
    """The first and the last call of each page, half-open."""
    parts: list[tuple[int, int]] = []
    begin = 0
    while begin < calls or not parts:
        end = min(calls, begin + (ON_OTHERS if parts else ON_FIRST))
        parts.append((begin, end))
        begin = end
    return parts


def _room_below(page: int, rows: int) -> bool:
    return TOP - (TITLE_HEIGHT if page == 1 else 0) - HEAD_HEIGHT - rows * ROW - TOTALS_HEIGHT >= BOTTOM


def draw(document: InvoiceDocument, *, before: int, total: int, read: Reader) -> bytes:
    """The pages as a PDF; `before` pages of the document stand before them, `total` pages are there in all."""
    from reportlab.pdfgen.canvas import Canvas

    out = BytesIO()
    regular, strong = call_fonts.face(REGULAR, read), call_fonts.face(STRONG, read)
    canvas = Canvas(out, pagesize=(WIDTH, HEIGHT), initialFontName=regular.name(), invariant=True, pageCompression=1)
    fitted = lru_cache(4096)(lambda text, width: _fitted(regular, text, width))
    pen = Pen(canvas, regular, strong, fitted)
    foot, parts = words.foot(document), _parts(len(document.calls))
    for page, (begin, end) in enumerate(parts, 1):
        y = _head(pen, document, page)
        y = _rows(pen, document.calls[begin:end], y, document.currency)
        if page == len(parts):
            if not _room_below(page, end - begin):
                _foot(pen, document, foot, before + page, total)
                page, y = page + 1, _head(pen, document, page + 1)
            _totals(pen, document, y)
        _foot(pen, document, foot, before + page, total)
    canvas.save()
    return out.getvalue()


def _head(pen: Pen, document: InvoiceDocument, page: int) -> float:
    """The caption on the first page and the names of the columns on each; where the rows begin."""
    y = TOP
    pen.canvas.setFillColorRGB(*INK)
    if page == 1:
        period = figures.period_name(document.period_start, document.period_end)
        pen.write(LEFT, y - TITLE, _("Every call") + (f", {period}" if period else ""), TITLE, strong=True)
        y -= TITLE_HEIGHT
    pen.canvas.setFillColorRGB(*QUIET)
    for x, name in zip(COLUMNS, (_("Time"), _("From"), _("To"), _("Destination")), strict=True):
        pen.write(x, y - HEAD, name, HEAD)
    pen.write(MINUTES, y - HEAD, _("Minutes"), HEAD, right=True)
    pen.write(AMOUNT, y - HEAD, f"{_('Amount')}, {document.currency}", HEAD, right=True)
    y -= HEAD_HEIGHT
    _ruled(pen, [y + 4], INK, 0.3 * MM)
    return y


def _rows(pen: Pen, calls: Sequence[CallLine], y: float, currency: str) -> float:
    """Each call on a line of its own, in reading order."""
    lines = []
    widths = [right - left - GAP for left, right in zip(COLUMNS, (*COLUMNS[1:], MINUTES - 19 * MM + GAP), strict=True)]
    pen.canvas.setFillColorRGB(*INK)
    for call in calls:
        base = y - 7.5
        for x, width, text in zip(COLUMNS, widths, (call.at, call.source, call.to, call.destination), strict=True):
            pen.write(x, base, pen.fitted(text, width))
        pen.write(MINUTES, base, figures.minutes(call.seconds), right=True)
        pen.write(AMOUNT, base, figures.call_amount(call.amount, currency), right=True)
        y -= ROW
        lines.append(y + 4)
    _ruled(pen, lines, LINE, 0.2 * MM)
    return y


def _totals(pen: Pen, document: InvoiceDocument, y: float) -> None:
    pen.canvas.setFillColorRGB(*INK)
    number = len(document.calls)
    told = ngettext("%(count)s call", "%(count)s calls", number) % {"count": f"{number:,}"}
    seconds = sum(call.seconds for call in document.calls)
    amount = sum((call.amount for call in document.calls), Decimal(0))
    pen.write(LEFT, y - 10, told, 9, strong=True)
    pen.write(MINUTES, y - 10, figures.minutes(seconds), 9, strong=True, right=True)
    pen.write(AMOUNT, y - 10, figures.call_amount(amount, document.currency), 9, strong=True, right=True)


def _foot(pen: Pen, document: InvoiceDocument, foot: str, page: int, total: int) -> None:
    """Who the seller is, the number and the page, as on the pages before; then the page is done."""
    y = BOTTOM - 3 * MM - FOOT
    pen.canvas.setFillColorRGB(*QUIET)
    pen.write(LEFT, y, _fitted(pen.regular, foot, (RIGHT - LEFT) * 0.72, FOOT), FOOT)
    pen.write(RIGHT, y, f"{document.number} · {_('page')} {page} {_('of')} {total}", FOOT, right=True)
    pen.canvas.showPage()


def _ruled(pen: Pen, heights: Sequence[float], colour: tuple[float, float, float], width: float) -> None:
    pen.canvas.setStrokeColorRGB(*colour)
    pen.canvas.setLineWidth(width)
    pen.canvas.lines([(LEFT, y, RIGHT, y) for y in heights])


def _fitted(face: Face, text: str, width: float, size: float = SIZE) -> str:
    """As much of the text as fits, on one line."""
    text = " ".join(text.split())
    if face.width(text, size) <= width:
        return text
    while text and face.width(f"{text}…", size) > width:
        text = text[:-1]
    return f"{text}…"
