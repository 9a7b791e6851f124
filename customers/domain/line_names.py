"""Whose a line's name or address is, where several customers have it: what staff gave stands before what a customer chose (decision 22)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from billing_portal.kernel.errors import require
from billing_portal.kernel.folding import fold
from customers.models import Customer, Line

FIELDS = (("name", "folded_name"), ("address", "folded_address"))

Asked = Callable[[str, str], bool]
_asked: list[Asked] = []


def register(waits_by: Asked) -> None:
    """Say at start-up how to find calls of nobody that wait by a line's `name` or `address`: calls live in a higher app."""
    if waits_by not in _asked:
        _asked.append(waits_by)


def is_unclaimed(customer: Customer, field: str, text: str) -> bool:
    """Whether no other customer has this `name` or `address`, and no call waits by it that is somebody else's perhaps."""
    rivals = Line.objects.exclude(customer=customer).filter(**{dict(FIELDS)[field]: fold(text)})
    return not rivals.exists() and not any(waits_by(field, text) for waits_by in _asked)


def owners(rows: Iterable[tuple[str, UUID, bool]]) -> dict[str, set[UUID]]:
    """For each folded name the customers to whom staff gave it; where there is none, those who chose it. `rows`: name, customer, whether it chose it."""
    given: dict[str, set[UUID]] = defaultdict(set)
    chosen: dict[str, set[UUID]] = defaultdict(set)
    for name, customer_id, by_customer in rows:
        (chosen if by_customer else given)[name].add(customer_id)
    return {**chosen, **given}


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


def doubts(customer: Customer, lines: Collection[Line]) -> dict[UUID, list[str]]:
    """What keeps calls from being found by these lines of the customer's, or from being free to them, in words for staff."""
    asked = {folded: {value for line in lines if (value := getattr(line, folded))} for _field, folded in FIELDS}
    rivals = list(_others(customer).filter(Q(folded_name__in=asked["folded_name"]) | Q(folded_address__in=asked["folded_address"])))
    return {line.pk: told for line in lines if (told := list(_doubts(line, rivals)))}


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


def _others(customer: Customer) -> QuerySet[Line]:
    return Line.objects.exclude(customer=customer).select_related("customer")


def _names(lines: Iterable[Line]) -> str:
    return ", ".join(sorted({line.customer.name for line in lines}))
