"""An invoice out of turn: everything that stands on the receivable, up to now, before how a customer pays changes (semantics 3)."""

from __future__ import annotations

from datetime import datetime, timedelta

from billing_portal.accounts.actor import Actor
from billing_portal.kernel.errors import DomainError
from billing_portal.kernel.period import Period, local_date
from customers.models import Customer
from invoicing.domain import drafts, gathering, invoices, lines
from invoicing.domain.gathering import Gathered, Ledgers, Share
from invoicing.models import Document

DAY = timedelta(days=1)


def waits(customer: Customer) -> bool:
    """Whether something of the customer waits for its document and comes to something, or is not known yet: what comes to nothing, and its taxes too,
    stays open for the next document, however the customer pays by then."""
    ledgers = Ledgers.of([customer.pk])
    waiting = ledgers.untaken.get(customer.pk)
    if waiting is None:
        return False
    first = gathering.first_day(customer, waiting)
    return bool(ledgers.blocked.get(customer.pk)) or not drafts.together(customer, waiting, Period(first, first + DAY, customer.time_zone)).comes_to_nothing


def issue(customer: Customer, actor: Actor, at: datetime) -> Document | None:
    """Issue what no document has taken yet, in a period that ends with today; None when nothing waits. The caller holds the standing's lock.

    The next period begins where this one ends. Raises `waiting_calls`, and `credit` or `zero` when it comes to less than nothing or to nothing.
    """
    stored = Customer.objects.prefetch_related("taxes").get(pk=customer.pk)
    ledgers = Ledgers.of([stored.pk])
    waiting = ledgers.untaken.get(stored.pk)
    if waiting is None:
        return None
    _require(not ledgers.blocked.get(stored.pk), "waiting_calls")
    start = ledgers.billed_until.get(stored.pk) or gathering.first_day(stored, waiting)
    period = Period(start, max(local_date(at, stored.time_zone), start) + DAY, stored.time_zone)
    draft = drafts.draft(stored, period, waiting, lines.behind([Gathered(stored, [Share(period, waiting)])]))
    _require(draft.reason is None, draft.reason or "")
    [document] = invoices.freeze([draft], actor=actor, at=at)
    return document


def _require(condition: bool, reason: str) -> None:
    if not condition:
        raise DomainError(reason, drafts.REASONS[reason], "billing_type")
