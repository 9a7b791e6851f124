"""Whose a name was at a moment, where it has changed hands: calls answered while somebody had it are theirs, whoever has it now (decision 22)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

FOREVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Tenure:
    """A customer had a code, or the name or address of a line, from a moment until it gave it up; `chosen`: it named the line so itself."""

    customer_id: UUID
    chosen: bool
    since: datetime
    until: datetime = FOREVER


def owners(tenures: Sequence[Tenure], at: datetime) -> set[UUID]:
    """The customers whose the name was at that moment: of those that had it the ones staff gave it to, else those that chose it.

    Where nobody had it yet, it is theirs who had it next: a line entered late takes its own calls that wait. Where one customer had given it up and
    another had it next, and after the last one gave it up, it was nobody's; so it was where somebody chose it next, and staff gave it to somebody after.
    """
    held = [each for each in tenures if each.since <= at < each.until]
    if held:
        return _given(held)
    following = _given(_next(tenures, at)) if not _was_only_chosen(tenures, at) else set()
    last = last_before(tenures, at)
    return following if not last or last == following else set()


def last_before(tenures: Iterable[Tenure], at: datetime) -> set[UUID]:
    """The customers that gave the name up last before that moment."""
    over = [each for each in tenures if each.until <= at]
    latest = max((each.until for each in over), default=None)
    return _given(each for each in over if each.until == latest)


def _next(tenures: Iterable[Tenure], at: datetime) -> list[Tenure]:
    """Those that had it next, together until the first of them gave it up."""
    later = [each for each in tenures if each.since > at and each.until > at]
    end = min((each.until for each in later), default=FOREVER)
    return [each for each in later if each.since < end] or [each for each in later if each.until == end]


def _was_only_chosen(tenures: Iterable[Tenure], at: datetime) -> bool:
    """Whether who had it next chose it and gave it up, before staff gave it to anybody: of such a one nobody's calls are."""
    later = [*tenures]
    return all(each.chosen for each in _next(later, at)) and any(not each.chosen and each.since > at for each in later)


def _given(tenures: Iterable[Tenure]) -> set[UUID]:
    of: dict[bool, set[UUID]] = defaultdict(set)
    for each in tenures:
        of[each.chosen].add(each.customer_id)
    return of[False] or of[True]
