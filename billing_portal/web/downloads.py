"""Files for the visitor: named safely, never opened as a page."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from django.db import connection
from django.http import HttpResponse, StreamingHttpResponse
from django.utils.http import content_disposition_header
from django_tenants.utils import schema_context

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\0", "＝", "＋", "－", "＠")
PARTED = re.compile(r"(\r\n|[;\t\r\n])(?=[ \"]*[=+\-@＝＋－＠])")
NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
UNSENDABLE = re.compile("[\x00\ud800-\udfff]")
ROWS_AT_ONCE = 500


def safe_name(name: str) -> str:
    """A file name without paths and control characters, at most 100 characters."""
    kept = re.sub(r"[^\w.,()+ -]", "_", name.replace("/", "_")).strip(" .")
    return kept[:100] or "file"


def attachment(content: bytes | str, name: str, content_type: str) -> HttpResponse:
    """A file that the browser saves."""
    return _file(content, name, content_type, save=True)


def inline(content: bytes | str, name: str, content_type: str) -> HttpResponse:
    """A file that the browser may show, such as a PDF."""
    return _file(content, name, content_type, save=False)


def _file(content: bytes | str, name: str, content_type: str, *, save: bool) -> HttpResponse:
    disposition = content_disposition_header(as_attachment=save, filename=safe_name(name)) or "inline"
    return HttpResponse(content, content_type=content_type, headers={"Content-Disposition": disposition})


def cell(value: object) -> str:
    """A CSV cell that no spreadsheet runs as a formula; numbers stay numbers (reliability rule 11).

    One whose language parts cells by semicolons does so within our quotation marks, too, and begins rows at line breaks.
    """
    text = "" if value is None else str(value)
    safe = PARTED.sub(r"\1'", UNSENDABLE.sub("", text))
    return f"'{safe}" if text.lstrip(" ").startswith(FORMULA) and not NUMBER.fullmatch(text) else safe


def csv_file(name: str, header: Sequence[object], rows: Iterable[Sequence[object]]) -> StreamingHttpResponse:
    """A table as CSV, sent while it is read; it is read in the reseller's schema although the request has ended by then."""
    schema = connection.schema_name
    disposition = content_disposition_header(as_attachment=True, filename=safe_name(name)) or "attachment"

    def lines() -> Iterator[str]:
        with schema_context(schema):
            yield "\ufeff" + _line(header)
            yield from map(_line, rows)

    return StreamingHttpResponse(_gathered(lines()), content_type="text/csv; charset=utf-8", headers={"Content-Disposition": disposition})


def _line(values: Sequence[object]) -> str:
    """One line of the file: every text in quotation marks, numbers and empty cells bare."""
    return ",".join(_quoted(cell(value)) for value in values) + "\r\n"


def _quoted(text: str) -> str:
    return text if not text or NUMBER.fullmatch(text) else '"' + text.replace('"', '""') + '"'


def _gathered(lines: Iterable[str]) -> Iterator[str]:
    block: list[str] = []
    for line in lines:
        block.append(line)
        if len(block) == ROWS_AT_ONCE:
            yield "".join(block)
            block = []
    yield "".join(block)
