"""The bytes of an uploaded file as text, or the reasons why they are none."""

import re
from collections.abc import Iterator

MAX_BYTES = 50_000_000
MAX_PLACES = 10_000

_MAGIC = (
    (b"PK\x03\x04", "This is a spreadsheet (xlsx, ods) or a zip archive. Save the sheet as CSV and upload that."),
    (b"PK\x05\x06", "This is an empty zip archive. Upload the CSV file itself."),
    (b"\x1f\x8b", "This file is compressed (gzip). Unpack it and upload the CSV file itself."),
    (b"\xd0\xcf\x11\xe0", "This is an old Excel workbook (xls). Save the sheet as CSV and upload that."),
    (b"BZh", "This file is compressed (bzip2). Unpack it and upload the CSV file itself."),
    (b"\xfd7zXZ", "This file is compressed (xz). Unpack it and upload the CSV file itself."),
    (b"7z\xbc\xaf", "This is a 7z archive. Unpack it and upload the CSV file itself."),
    (b"Rar!", "This is a rar archive. Unpack it and upload the CSV file itself."),
    (b"%PDF", "This is a PDF document. Upload a CSV file."),
    (b"\x89PNG", "This is a picture. Upload a CSV file."),
    (b"\xff\xd8\xff", "This is a picture. Upload a CSV file."),
)
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")
_LINE_END = re.compile("\r\n|\r|\n")
_BYTE_LINE_END = re.compile(b"\r\n|\r|\n")
_MIXED = "This line is not UTF-8, while others in the file are. Save the whole file as UTF-8."
_BINARY = "This line holds bytes that are no text. The file is damaged, or is no CSV file."


class UnreadableError(Exception):
    """The file is no text: (line, reason) of each place, line 0 for the file as a whole; after 10,000 places the rest are only counted, in `left_out`."""

    def __init__(self, *places: tuple[int, str], left_out: int = 0) -> None:
        super().__init__(*places)
        self.places, self.left_out = places, left_out


def decode(content: bytes) -> str:
    """UTF-8 or UTF-16 with or without a mark, else Windows' Latin-1. Raises `UnreadableError` for archives, binary or mixed bytes, and above 50 MB."""
    if len(content) > MAX_BYTES:
        raise UnreadableError((0, f"The file has {len(content) // 1_000_000} MB. At most {MAX_BYTES // 1_000_000} MB are read."))
    if reason := archive(content):
        raise UnreadableError((0, reason))
    encoding = utf16(content)
    if encoding:
        text = _strict(content, encoding)
        if text is None:
            raise UnreadableError((0, "The file begins as UTF-16 but is cut off or damaged. Save it again as UTF-8."))
    else:
        text = _strict(content, "utf-8-sig")
        if text is None:
            text = _latin(content)
    if binary := _CONTROLS.search(text):
        raise UnreadableError((len(_LINE_END.findall(text, 0, binary.start())) + 1, _BINARY))
    return text


def archive(content: bytes) -> str:
    """What this is instead of text, by its first bytes; empty when it may be text."""
    return next((reason for magic, reason in _MAGIC if content.startswith(magic)), "")


def utf16(content: bytes) -> str | None:
    """The kind of UTF-16 that the first bytes look like, with or without a mark."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    head = content[:64]
    even, odd = head[::2], head[1::2]
    if len(head) >= 8 and odd.count(0) == len(odd) and 0 not in even:
        return "utf-16-le"
    if len(head) >= 8 and even.count(0) == len(even) and 0 not in odd:
        return "utf-16-be"
    return None


def _latin(content: bytes) -> str:
    """Line by line, so that a file of very many lines takes no memory for each of them (reliability 59)."""
    foreign, count, is_mixed = list[int](), 0, False
    for number, line in enumerate(_lines(content), 1):
        if line.isascii():
            continue
        if _strict(line, "utf-8") is not None:
            is_mixed = True
            continue
        count += 1
        if count <= MAX_PLACES:
            foreign.append(number)
    if is_mixed:
        raise UnreadableError(*((number, _MIXED) for number in foreign), left_out=count - len(foreign))
    return _strict(content, "cp1252") or content.decode("latin-1")


def _lines(content: bytes) -> Iterator[bytes]:
    begin = 0
    for end in _BYTE_LINE_END.finditer(content):
        yield content[begin : end.start()]
        begin = end.end()
    yield content[begin:]


def _strict(content: bytes, encoding: str) -> str | None:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        return None
