"""Whose a line's name or address is, where several customers have it: what staff gave stands before what a customer chose (decision 22)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from billing_portal.kernel.errors import require
from billing_portal.kernel.folding import fold
from customers.models import Customer, FormerLine, Line

FIELDS = (("name", "folded_name"), ("address", "folded_address"))

Asked = Callable[[str, Collection[str]], set[str]]
_asked: list[Asked] = []


def register(waits_by: Asked) -> None:
    """Say at start-up by which of these folded `name`s or `address`es of lines calls of nobody wait: calls live in a higher app."""
    if waits_by not in _asked:
        _asked.append(waits_by)


def is_unclaimed(customer: Customer, field: str, text: str) -> bool:
    """Whether no other customer has this `name` or `address`, or had it of staff, and no call waits by it that is somebody else's perhaps."""
    named = {dict(FIELDS)[field]: fold(text)}
    had = FormerLine.objects.exclude(customer=customer).filter(by_customer=False, **named)
    return not _others(customer).filter(**named).exists() and not had.exists() and not _waiting(field, {fold(text)})


def require_alone(customer: Customer, name: str, address: str) -> None:
    """Tell staff who has this name or address already, and what adding it all the same would mean. Raises `line_shared` on the field it is about."""
    for (field, folded), text in zip(FIELDS, (name, address), strict=True):
        rivals = _others(customer).filter(**{folded: fold(text)}) if text else Line.objects.none()
        chosen = not rivals.filter(by_customer=False).exists()
        message = (
            _("%(names)s gave this to a line itself. Tick below to add it all the same: calls that name it are %(customer)s's from then on.")
            if chosen
            else _("%(names)s has this too: calls that name it and no account would be nobody's, and wait. Tick below to add it all the same.")
        )
        require(not rivals, "line_shared", message % {"names": _names(rivals), "customer": customer.name}, field)


def given_up_before(line: Line) -> FormerLine | None:
    """What another customer gave up before this line, of the same name or address, the latest: calls answered in between are nobody's by themselves."""
    return _before(line, _given_up(line.customer, [line]))


def doubts(customer: Customer, lines: Collection[Line]) -> dict[UUID, list[str]]:
    """What keeps calls from being found by these lines of the customer's, or from being free to them, in words for staff."""
    rivals, given_up = list(_others(customer).filter(_named_like(lines))), _given_up(customer, lines)
    since = _waits_since({line: before for line in lines if (before := _before(line, given_up))})
    return {line.pk: told for line in lines if (told := [*_doubts(line, rivals), *since[line.pk]])}


def _named_like(lines: Collection[Line]) -> Q:
    asked = {folded: {value for line in lines if (value := getattr(line, folded))} for _field, folded in FIELDS}
    return Q(folded_name__in=asked["folded_name"]) | Q(folded_address__in=asked["folded_address"])


def _given_up(customer: Customer, lines: Collection[Line]) -> list[FormerLine]:
    """What other customers gave up that is named like these lines, in order."""
    return list(FormerLine.objects.exclude(customer=customer).filter(_named_like(lines)).select_related("customer").order_by("given_up_at"))


def _before(line: Line, given_up: Collection[FormerLine]) -> FormerLine | None:
    """The last that was given up before this line was added; none once the line begins where that ended."""
    last = next((each for each in reversed([*given_up]) if each.given_up_at <= line.since and _shared(each, line)), None)
    return last if last and last.given_up_at < line.since else None


def _shared(former: FormerLine, line: Line) -> list[tuple[str, str]]:
    """The fields in which both are alike, each with the line's text."""
    return [(field, getattr(line, field)) for field, folded in FIELDS if getattr(line, folded) and getattr(line, folded) == getattr(former, folded)]


def _doubts(line: Line, rivals: Collection[Line]) -> Iterator[str]:
    for field, folded in FIELDS:
        alike = [rival for rival in rivals if getattr(line, folded) and getattr(rival, folded) == getattr(line, folded)]
        given = [rival for rival in alike if not rival.by_customer]
        what = {"what": getattr(line, field)}
        if line.by_customer and given:
            yield _("“%(what)s” was given to %(names)s by us: calls that name it are theirs.") % {**what, "names": _names(given)}
        elif given or (line.by_customer and alike):
            yield _("“%(what)s” is %(names)s's too: calls that name it and no account are nobody's, and wait.") % {**what, "names": _names(given or alike)}
    if not line.on_net:
        yield _("Calls to it wait: the customer chose these figures. Say under Edit that it is on-net.")


def _waits_since(before: Mapping[Line, FormerLine]) -> dict[UUID, list[str]]:
    """Of each line that calls wait which were answered after another customer gave the name up and before it was added, perhaps; asked for all at once."""
    shared = {line: _shared(former, line) for line, former in before.items()}
    waiting = {field: _waiting(field, {fold(text) for fields in shared.values() for name, text in fields if name == field}) for field, _folded in FIELDS}
    told = _("Calls that name “%(what)s” wait: %(names)s had it before. Say under Edit whether those answered since then are this line's.")
    since: dict[UUID, list[str]] = defaultdict(list)
    for line, fields in shared.items():
        since[line.pk] += [told % {"what": text, "names": before[line].customer.name} for field, text in fields if fold(text) in waiting[field]]
    return since


def _waiting(field: str, folded: Collection[str]) -> set[str]:
    """By which of these calls of nobody wait."""
    return set().union(*(waits_by(field, folded) for waits_by in _asked)) if folded else set()


def _others(customer: Customer) -> QuerySet[Line]:
    return Line.objects.exclude(customer=customer).select_related("customer")


def _names(lines: Iterable[Line]) -> str:
    return ", ".join(sorted({line.customer.name for line in lines}))
