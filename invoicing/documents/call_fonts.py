"""The documents' own font for pages that are drawn and not laid out: one fixed weight of each of its parts, figures of equal width."""

from collections.abc import Callable, Iterator
from functools import cache
from io import BytesIO
from itertools import groupby
from typing import Any

REGULAR, STRONG = 400, 600
SUBSETS = ("latin", "latin-ext", "cyrillic", "cyrillic-ext", "greek", "greek-ext", "vietnamese")
SMALLEST = 14  # the optical size of small print
UNKNOWN = "?"
FIGURES = range(ord("0"), ord("9") + 1)
Reader = Callable[[str], bytes]


def file_of(subset: str) -> str:
    return f"inter/files/inter-{subset}-opsz-normal.woff2"


class Face:
    """One weight. A text is drawn in runs, each with the part that has its letters; letters of other scripts are question marks."""

    def __init__(self, weight: int, read: Reader) -> None:
        self.weight = weight
        self._read = read
        self._covered = {subset: _letters(file_of(subset), read) for subset in SUBSETS}

    def runs(self, text: str) -> Iterator[tuple[str, str]]:
        """The name of a registered font, and what is to be drawn with it."""
        if text.isascii() and text.isprintable():
            yield self._named(SUBSETS[0]), text
            return
        for subset, letters in groupby(text, self._part):
            run = "".join(letters)
            yield self._named(subset or SUBSETS[0]), run if subset else UNKNOWN * len(run)

    def width(self, text: str, size: float) -> float:
        from reportlab.pdfbase.pdfmetrics import stringWidth

        width: float = sum(stringWidth(run, font, size) for font, run in self.runs(text))
        return width

    def name(self) -> str:
        """The font that a page may begin with."""
        return self._named(SUBSETS[0])

    def _part(self, letter: str) -> str:
        return next((subset for subset, letters in self._covered.items() if ord(letter) in letters), "")

    def _named(self, subset: str) -> str:
        return _registered(subset, self.weight, self._read)


@cache
def face(weight: int, read: Reader) -> Face:
    """A weight of the font; `read` gives a bundled file by its name. Made once in the life of a worker."""
    return Face(weight, read)


def warm(read: Reader) -> None:
    """Make what nearly every document needs, so that children find it made."""
    for weight in (REGULAR, STRONG):
        face(weight, read).name()


@cache
def _letters(name: str, read: Reader) -> frozenset[int]:
    from fontTools.ttLib import TTFont

    with TTFont(BytesIO(read(name))) as font:
        return frozenset(font.getBestCmap())


@cache
def _registered(subset: str, weight: int, read: Reader) -> str:
    """Register a part at this weight under a name of its own."""
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont

    name = f"Inter-{weight}-{subset}"
    pdfmetrics.registerFont(TTFont(name, BytesIO(_fixed(file_of(subset), weight, name, read))))
    return name


def _fixed(file: str, weight: int, name: str, read: Reader) -> bytes:
    """A TrueType font of one weight out of the variable one, called `name`: fonts of one name would be taken for one font."""
    from fontTools.ttLib import TTFont
    from fontTools.varLib.instancer import instantiateVariableFont

    font = instantiateVariableFont(TTFont(BytesIO(read(file))), {"wght": weight, "opsz": SMALLEST})
    equal = _tabular(font)
    for table in font["cmap"].tables:
        table.cmap = {code: equal.get(glyph, glyph) if code in FIGURES else glyph for code, glyph in table.cmap.items()}
    for table in ("GSUB", "GPOS", "GDEF", "STAT"):
        if table in font:
            del font[table]
    for number in (1, 4, 6):
        font["name"].setName(name, number, 3, 1, 0x409)
    font.flavor = None
    out = BytesIO()
    font.save(out)
    return out.getvalue()


def _tabular(font: Any) -> dict[str, str]:
    """The glyphs of equal width for those that have them."""
    found: dict[str, str] = {}
    if "GSUB" not in font:
        return found
    layout = font["GSUB"].table
    for record in layout.FeatureList.FeatureRecord:
        if record.FeatureTag == "tnum":
            for place in record.Feature.LookupListIndex:
                for table in layout.LookupList.Lookup[place].SubTable:
                    found |= getattr(getattr(table, "ExtSubTable", table), "mapping", {})
    return found
