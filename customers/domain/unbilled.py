"""Whether something of a customer waits to be billed: only documents know, and they live in a higher app, which registers its answer here."""

from collections.abc import Callable

from customers.models import AccountKind, Customer, Transfer

Check = Callable[[Customer], bool]
_checks: list[Check] = []


def register(check: Check) -> None:
    """Say at start-up how to find what is on no document yet; called in the transaction that asks."""
    if check not in _checks:
        _checks.append(check)


def anything(customer: Customer) -> bool:
    """True when some check finds something; without any check every movement on the receivable counts as waiting."""
    if not _checks:
        receivable = customer.accounts.filter(kind=AccountKind.RECEIVABLE)
        return Transfer.objects.filter(debit__in=receivable).exists() or Transfer.objects.filter(credit__in=receivable).exists()
    return any(check(customer) for check in _checks)
