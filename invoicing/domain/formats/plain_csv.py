"""The portal's own CSV: the names of the contract as headers, in any order and case; other columns are kept with the record."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import TextIO
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from billing_portal.kernel.errors import require
from invoicing.domain.formats.named import NAMES, REQUIRED, record_of
from invoicing.domain.formats.rows import Fields, Read, cells_of

DELIMITERS = ",;|\t"


def read(file: TextIO, zone: ZoneInfo) -> Iterator[Read]:
    """Each row is a call. Raises `columns_missing` when the header names too few, `columns_twice` when it names one again."""
    heading = file.readline()
    delimiter = max(DELIMITERS, key=heading.count)
    header = [name.strip().lower() for name in next(csv.reader([heading], delimiter=delimiter), [])]
    missing = [name for name in REQUIRED if name not in header]
    require(not missing, "columns_missing", _("The first line must name the columns; missing: %(names)s.") % {"names": ", ".join(missing)})
    twice = sorted({name for name in header if name and header.count(name) > 1})
    require(not twice, "columns_twice", _("The first line names a column twice: %(names)s.") % {"names": ", ".join(twice)})
    for line, cells in cells_of(file, delimiter, above=1):
        if len(cells) != len(header):
            yield Read(line, error=_("%(count)s cells, but the header has %(columns)s.") % {"count": len(cells), "columns": len(header)})
        else:
            given = dict(zip(header, cells, strict=True))
            yield record_of(line, {name: given.get(name, "") for name in NAMES}, {name: given[name] for name in given if name not in NAMES}, Fields(zone))
