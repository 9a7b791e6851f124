"""What of a PDF's text is drawn: each glyph on its pages with the text it stands for, and whether the font within the file has a shape for it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pikepdf
from fontTools.pens.recordingPen import RecordingPen
from fontTools.ttLib import TTFont

MAPPED = re.compile(rb"<([0-9A-Fa-f]{4})>\s*<([0-9A-Fa-f]+)>")


class Font:
    """A font of the file: its program, and which text each of its glyphs stands for."""

    def __init__(self, resource: Any) -> None:
        descriptor = resource.DescendantFonts[0].FontDescriptor
        self.program = TTFont(BytesIO(descriptor.get("/FontFile2", descriptor.get("/FontFile3")).read_bytes()))
        self.order, self.shapes = self.program.getGlyphOrder(), self.program.getGlyphSet()
        self.texts = {int(glyph, 16): bytes.fromhex(text.decode()).decode("utf-16-be") for glyph, text in MAPPED.findall(resource.ToUnicode.read_bytes())}

    def draws(self, glyph: int) -> bool:
        """Whether the glyph is one of the font, not the box for what it lacks, and leaves a mark on the paper."""
        if not 0 < glyph < len(self.order):
            return False
        pen = RecordingPen()
        self.shapes[self.order[glyph]].draw(pen)
        return bool(pen.value)


def glyphs(content: bytes) -> Iterator[tuple[str, bool]]:
    """Each glyph of the pages in their order: the text it stands for, and whether it is drawn, be it as a coloured picture."""
    with pikepdf.open(BytesIO(content)) as file:
        for page in file.pages:
            steps = [(str(step.operator), list(step.operands)) for step in pikepdf.parse_content_stream(page)]
            pictures = [str(operands[0]) for operator, operands in steps if operator == "Do"]
            fonts = {str(name): Font(resource) for name, resource in page.Resources.Font.items()}
            for name, glyph in _shown(steps):
                font = fonts[name]
                is_picture = any(picture.startswith(f"/i{name[1:]}{glyph}") for picture in pictures)
                yield font.texts.get(glyph, ""), is_picture or font.draws(glyph)


def _shown(steps: list[tuple[str, list[Any]]]) -> Iterator[tuple[str, int]]:
    """The font and the number of each glyph that a page shows."""
    font = ""
    for operator, operands in steps:
        if operator == "Tf":
            font = str(operands[0])
        elif operator in {"Tj", "TJ"}:
            parts: Any = operands[0] if operator == "TJ" else operands
            for shown in (bytes(part) for part in parts if isinstance(part, pikepdf.String)):
                yield from ((font, int.from_bytes(shown[at : at + 2], "big")) for at in range(0, len(shown), 2))
