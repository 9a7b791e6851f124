"""A list page: what is searched, filtered, sorted and paged, all of it in the address."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Count, Q, QuerySet, Sum, Value
from django.db.models.expressions import Combinable, OrderBy
from django.db.models.functions import Lower
from django.http import QueryDict
from django.utils.functional import Promise

from billing_portal.web.forms import clean_line

SIZES = (10, 25, 50, 100)
SIZE = 25
TERM_CAP = 200
Lookups = Sequence[str] | Callable[[str], Q]
Column = str | Lower
"""What rows are sorted by: a field, or its lower case, for which an index may stand."""


@dataclass(frozen=True)
class Chip:
    """A named part of the list, with its condition."""

    key: str
    label: str | Promise
    where: Q


@dataclass(frozen=True)
class ChipShown:
    """A chip as drawn: how many, whether it is the current one, and where it leads."""

    label: str | Promise
    count: int
    current: bool
    query: str


@dataclass(frozen=True)
class Totals:
    """What is added up of the rows that are shown: `count` names how many there are of each value of `by`, `sums` the columns added for it."""

    by: str
    count: str
    sums: Mapping[str, Combinable]


class Listing:
    """The part of `rows` that the address asks for. Only names of `sorts`, chips and sizes listed here reach the query."""

    def __init__(
        self,
        data: QueryDict,
        rows: QuerySet[Any, Any],
        *,
        sorts: Mapping[str, Sequence[Column]],
        default: str,
        search: Lookups = (),
        chips: Sequence[Chip] = (),
        keep: Sequence[str] = (),
        totals: Totals | None = None,
    ) -> None:
        self._data = data
        self._rows = rows
        self._sorts = sorts
        self._search = search
        self._chips = chips
        self._keep = keep
        self._totals = totals
        self.default = default
        self.term = clean_line(data.get("q", ""))[:TERM_CAP]
        self.chip = next((chip.key for chip in chips if chip.key == data.get("show")), "")
        asked = data.get("sort", "")
        self.sorting = asked if asked.removeprefix("-") in sorts else default
        self.size = next((size for size in SIZES if str(size) == data.get("size")), SIZE)

    @property
    def sort(self) -> str:
        return self.sorting.removeprefix("-")

    @property
    def descending(self) -> bool:
        return self.sorting.startswith("-")

    @property
    def filtered(self) -> bool:
        """True when the address leaves something out of the list."""
        return bool(self.term or self.chip or any(self._data.get(name) for name in self._keep))

    @cached_property
    def matching(self) -> QuerySet[Any, Any]:
        """Everything the search finds, whatever the chip."""
        if not self.term or not self._search:
            return self._rows
        if callable(self._search):
            return self._rows.filter(self._search(self.term))
        condition = Q()
        for lookup in self._search:
            condition |= Q((lookup, self.term))
        return self._rows.filter(condition)

    @cached_property
    def selected(self) -> QuerySet[Any, Any]:
        """Search and chip applied and sorted: what an export of this view holds."""
        where = next((chip.where for chip in self._chips if chip.key == self.chip), Q())
        rows = self.matching.filter(where) if self.chip else self.matching
        return rows.order_by(*self._order())

    def _order(self) -> list[str | Lower | OrderBy]:
        columns = self._sorts[self.sort]
        return [*(_reversed(column) if self.descending else column for column in columns), "pk"]

    @cached_property
    def page(self) -> Page[Any]:
        paginator = Paginator(self.selected, self.size)
        if self._chips:
            paginator.count = self._counts[self.chip]
        return paginator.get_page(self._data.get("page"))

    @cached_property
    def _counts(self) -> dict[str, int]:
        """How many each chip holds; "" is all of them."""
        return {key: sum(row[name] for row in self._counted) for key, name in self._names.items()}

    @cached_property
    def totals(self) -> list[dict[str, Any]]:
        """One row for each value that the shown rows are added up by: the value, their count and their sums."""
        asked = self._totals
        if asked is None:
            return []
        here = self._names[self.chip]
        return [{asked.by: row[asked.by], asked.count: row[here], **{name: row[name] for name in asked.sums}} for row in self._counted if row[here]]

    @cached_property
    def _counted(self) -> list[dict[str, Any]]:
        """Counts of all chips and the sums of the chosen one, by one query: whoever has many rows reads them once."""
        where = {chip.key: chip.where for chip in self._chips}
        counts = {name: Count(Value(1), filter=where.get(key)) for key, name in self._names.items()}
        rows = self.matching.order_by()
        if self._totals is None:
            return [rows.aggregate(**counts)]
        sums = {name: Sum(column, filter=where.get(self.chip)) for name, column in self._totals.sums.items()}
        return list(rows.select_related(None).order_by(self._totals.by).values(self._totals.by).annotate(**counts, **sums))

    @cached_property
    def _names(self) -> dict[str, str]:
        """The name of each chip's count in the query."""
        return {"": "chip_all", **{chip.key: f"chip_{index}" for index, chip in enumerate(self._chips)}}

    @property
    def total(self) -> int:
        return self.page.paginator.count

    def __iter__(self) -> Iterator[Any]:
        return iter(self.page.object_list)

    def __len__(self) -> int:
        return len(self.page.object_list)

    def __bool__(self) -> bool:
        return True

    def shown_chips(self, everything: str | Promise) -> list[ChipShown]:
        """All, then each chip."""
        chips = [("", everything), *((chip.key, chip.label) for chip in self._chips)]
        return [ChipShown(label, self._counts[key], key == self.chip, self.query(show=key)) for key, label in chips]

    def state(self) -> dict[str, str]:
        """What the address says, without what is the default anyway."""
        own = {
            "q": self.term,
            "show": self.chip,
            "sort": "" if self.sorting == self.default else self.sorting,
            "size": "" if self.size == SIZE else str(self.size),
        }
        kept = {name: clean_line(self._data.get(name, ""))[:TERM_CAP] for name in self._keep}
        return {name: value for name, value in {**own, **kept}.items() if value}

    def query(self, **changes: object) -> str:
        """The address with changes; every change but a page leads to the first page."""
        state: dict[str, Any] = {**self.state(), **changes}
        made = QueryDict(mutable=True)
        made.update({name: str(value) for name, value in state.items() if value not in ("", None)})
        return f"?{made.urlencode()}"

    def query_for_sort(self, name: str) -> str:
        """Sort by this column, or turn it round when it is the sorted one."""
        turned = f"-{name}" if self.sorting == name else name
        return self.query(sort="" if turned == self.default else turned)


def _reversed(column: Column) -> str | OrderBy:
    if isinstance(column, Lower):
        return column.desc()
    return column[1:] if column.startswith("-") else f"-{column}"
