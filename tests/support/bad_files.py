"""The kinds of bad file of the reliability checklist, section 4, made from any good sheet: what a person's computer does to a CSV on its way."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from tests.sizes import size

Maker = Callable[["Sheet"], bytes]
ROWS = size(2_000, 100_000)
LETTERS = size(300_000, 10_000_000)
FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")
ARABIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")


@dataclass(frozen=True)
class Sheet:
    """A good file: its header (none: the format has none) and its rows; `text` is a column of words, `key` one that may not repeat."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    text: int
    key: int

    @property
    def lines(self) -> list[tuple[str, ...]]:
        return [self.header, *self.rows] if self.header else [*self.rows]

    def csv(self, mark: str = ",", end: str = "\n") -> str:
        out = io.StringIO()
        csv.writer(out, delimiter=mark, lineterminator=end).writerows(self.lines)
        return out.getvalue()

    def saying(self, words: str) -> Sheet:
        """The same with other words in the first row."""
        return self.with_cell(self.text, words)

    def with_cell(self, column: int, value: str) -> Sheet:
        first = self.rows[0]
        return replace(self, rows=((*first[:column], value, *first[column + 1 :]), *self.rows[1:]))


def _zipped(name: str, content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return out.getvalue()


def _raw(sheet: Sheet, row: str) -> bytes:
    """The good file with one more line, as it stands."""
    return (sheet.csv() + row + "\n").encode()


# What any good reader takes as if it were plain.
READABLE: dict[str, Maker] = {
    "BOM": lambda sheet: b"\xef\xbb\xbf" + sheet.csv().encode(),
    "UTF-16 LE": lambda sheet: b"\xff\xfe" + sheet.csv().encode("utf-16-le"),
    "UTF-16 BE": lambda sheet: b"\xfe\xff" + sheet.csv().encode("utf-16-be"),
    "Latin-1": lambda sheet: sheet.saying("Curaçao").csv().encode("cp1252"),
    "CR only": lambda sheet: sheet.csv(end="\r").encode(),
    "CRLF": lambda sheet: sheet.csv(end="\r\n").encode(),
    "line ends mixed": lambda sheet: sheet.csv(end="\r\n").replace("\r\n", "\n", 1).encode(),
    "every cell quoted": lambda sheet: "\n".join(",".join(f'"{cell}"' for cell in line) for line in sheet.lines).encode(),
    "quotes doubled": lambda sheet: sheet.saying('Said "London"').csv().encode(),
    "newline in quotes": lambda sheet: sheet.saying("Lon\ndon").csv().encode(),
    "spaces round fields": lambda sheet: "\n".join(",".join(f" {cell} " for cell in line) for line in sheet.lines).encode(),
    "blank rows": lambda sheet: sheet.csv(end="\n\n").encode(),
}
READABLE_WITH_HEADER: dict[str, Maker] = {
    "semicolons": lambda sheet: sheet.csv(";").encode(),
    "bars": lambda sheet: sheet.csv("|").encode(),
    "tabs": lambda sheet: sheet.csv("\t").encode(),
    "header in other case": lambda sheet: replace(sheet, header=tuple(name.upper() for name in sheet.header)).csv().encode(),
}
# What is refused, whole or by the row, with the reason.
REFUSED: dict[str, Maker] = {
    "empty": lambda sheet: b"",
    "blank": lambda sheet: b"\n\n \n",
    "NUL bytes": lambda sheet: sheet.with_cell(sheet.key, sheet.rows[0][sheet.key] + "\0").csv().encode(),
    "quotes unclosed": lambda sheet: sheet.csv().encode() + b'"' + sheet.csv().encode(),
    "one column": lambda sheet: b"1\n" * ROWS,
    "field without end": lambda sheet: sheet.with_cell(sheet.key, "9" * LETTERS).csv().encode(),
    "gz renamed": lambda sheet: gzip.compress(sheet.csv().encode()),
    "bz2 renamed": lambda sheet: bz2.compress(sheet.csv().encode()),
    "xlsx renamed": lambda sheet: _zipped("xl/workbook.xml", b"<workbook/>"),
    "zip bomb": lambda sheet: _zipped("rates.csv", b"0" * LETTERS),
    "PDF renamed": lambda sheet: b"%PDF-1.7\n" + sheet.csv().encode(),
    "picture renamed": lambda sheet: b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(range(256)),
    "ragged short": lambda sheet: _raw(sheet, "44"),
    "cut off mid-row": lambda sheet: sheet.csv().rstrip("\n")[: -len(",".join(sheet.rows[-1])) + 2].encode(),
    "binary behind": lambda sheet: sheet.csv().encode() + bytes(range(256)) * 4,
}
REFUSED_WITH_HEADER: dict[str, Maker] = {
    "no header": lambda sheet: replace(sheet, header=()).csv().encode(),
    "duplicate header": lambda sheet: replace(sheet, header=(*sheet.header[:-1], sheet.header[0])).csv().encode(),
    "unknown header": lambda sheet: replace(sheet, header=("what", *sheet.header[1:])).csv().encode(),
    "ragged long": lambda sheet: _raw(sheet, ",".join((*sheet.rows[0], "1", "2", "3"))),
}


def readable(sheet: Sheet) -> Iterator[tuple[str, bytes]]:
    """Each kind that is read like the plain file."""
    for name, make in (READABLE | (READABLE_WITH_HEADER if sheet.header else {})).items():
        yield name, make(sheet)


def refused(sheet: Sheet) -> Iterator[tuple[str, bytes]]:
    """Each kind of which nothing, or one row less, may be taken."""
    for name, make in (REFUSED | (REFUSED_WITH_HEADER if sheet.header else {})).items():
        yield name, make(sheet)
