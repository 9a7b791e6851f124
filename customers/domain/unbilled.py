"""Whether something of a customer waits to be billed, and billing it: only documents know, and they live in a higher app, which registers here."""

from collections.abc import Callable
from datetime import datetime

from billing_portal.accounts.actor import Actor
from customers.models import AccountKind, Customer, Transfer

Check = Callable[[Customer], bool]
Bill = Callable[[Customer, Actor, datetime], object]
_checks: list[Check] = []
_bills: list[Bill] = []


def register(check: Check, bill: Bill) -> None:
    """Say at start-up how to find what is on no document yet, and how to issue it out of turn; both are called in the transaction that asks."""
    if check not in _checks:
        _checks.append(check)
        _bills.append(bill)


def settle(customer: Customer, *, actor: Actor, at: datetime) -> None:
    """Have everything that waits issued out of turn. The caller holds the standing's lock."""
    for bill in _bills:
        bill(customer, actor, at)


def anything(customer: Customer) -> bool:
    """True when some check finds something; without any check every movement on the receivable counts as waiting."""
    if not _checks:
        receivable = customer.accounts.filter(kind=AccountKind.RECEIVABLE)
        return Transfer.objects.filter(debit__in=receivable).exists() or Transfer.objects.filter(credit__in=receivable).exists()
    return any(check(customer) for check in _checks)
