"""How much commerce may do at once, by the caps of the settings (contracts, Rights: money within the caps).

A cap is an amount in the reseller's currency; none is no cap. Other currencies are compared at the exchange rate of the day (semantics 20). It binds
whom the matrix of rights binds by it: commerce, with the role that they have where they work, also when they came from a parent or manage a customer.
Administrators, programs and people of customers are bound by none. Several entries are not added up.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.utils.translation import gettext as _

from billing_portal.accounts import rights
from billing_portal.accounts.actor import Actor
from billing_portal.accounts.queries import role_of
from billing_portal.accounts.rights import Extent, Right
from billing_portal.kernel import money
from billing_portal.kernel.errors import require
from billing_portal.tenancy import queries as tenancy
from billing_portal.tenancy.domain import exchange
from customers.models import Customer
from rateplans.queries import billing_terms


@dataclass(frozen=True)
class Credit:
    """How far a customer may owe: up to a limit in its currency, or without one."""

    limit: Decimal
    unlimited: bool
    currency: str

    @classmethod
    def of(cls, customer: Customer) -> Credit:
        return cls(Decimal(customer.credit_limit), customer.credit_unlimited, customer.currency)


def require_amount(actor: Actor, amount: Decimal, currency: str, *, at: datetime, field: str | None = "amount") -> None:
    """Refuse an amount of money by hand above the actor's cap; `amount` in `currency`, 0 or more. Raises `over_cap`, `no_exchange_rate`."""
    cap = billing_terms().amount_cap if _is_bound(actor) else None
    if cap is None:
        return
    most = _("Commerce may enter at most %(cap)s at once") % {"cap": _text(cap)}
    own = _in_own(amount, currency, most, at=at, field=field)
    _require_within(own, cap, most, foreign=currency != _currency(), field=field)


def require_raise(actor: Actor, before: Credit, after: Credit, *, at: datetime) -> None:
    """Refuse to raise a credit limit by more than the actor's cap; no limit in place of one is more than any. Raises `over_cap`, `no_exchange_rate`.

    The same figure in another currency is another limit.
    """
    is_less = after.currency == before.currency and after.limit <= before.limit and not after.unlimited
    rises = not is_less and not before.unlimited
    cap = billing_terms().raise_cap if rises and _is_bound(actor) else None
    if cap is None:
        return
    most = _("Commerce may raise a credit limit by at most %(cap)s at once") % {"cap": _text(cap)}
    require(not after.unlimited, "over_cap", _("%(most)s; ask an administrator.") % {"most": most}, "credit_unlimited")
    was, is_now = (_in_own(credit.limit, credit.currency, most, at=at, field="credit_limit") for credit in (before, after))
    _require_within(is_now - was, cap, most, foreign=after.currency != _currency(), field="credit_limit")


def _is_bound(actor: Actor) -> bool:
    return rights.extent(role_of(actor), Right.MOVE_MONEY) == Extent.WITHIN_CAPS


def _require_within(own: Decimal, cap: Decimal, most: str, *, foreign: bool, field: str | None) -> None:
    said = {"most": most, "amount": _text(own)}
    message = _("%(most)s, and this is %(amount)s today; ask an administrator.") if foreign else _("%(most)s; ask an administrator.")
    require(own <= cap, "over_cap", message % said, field)


def _in_own(amount: Decimal, currency: str, most: str, *, at: datetime, field: str | None) -> Decimal:
    """The amount in the reseller's currency and minor unit at the rate of the day; nothing is nothing without a rate too."""
    rate = exchange.rate(currency, _currency(), at) if amount else exchange.ONE
    said = _("%(most)s, and no exchange rate says what %(currency)s are in %(own)s today; ask an administrator.")
    require(rate is not None, "no_exchange_rate", said % {"most": most, "currency": currency, "own": _currency()}, field)
    return money.to_minor(money.EXACT.multiply(amount, rate or exchange.ONE), _currency())


def _currency() -> str:
    return str(tenancy.current().currency)


def _text(amount: Decimal) -> str:
    return money.text(amount, _currency())
