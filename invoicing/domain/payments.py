"""Money received by hand."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from billing_portal.accounts.actor import Actor
from billing_portal.accounts.domain import audit
from billing_portal.kernel import money
from billing_portal.kernel.errors import require
from billing_portal.tenancy.models import new_id
from customers.domain import caps, ledger, once, standing
from customers.models import AccountKind, BillingType, Customer, Kind, Transfer
from invoicing.domain import matching, overdue, receipts
from invoicing.domain.receipts import PaidTax
from invoicing.models import Document, Payment
from invoicing.queries import documents as queries
from rateplans.models import Tax

HUNDRED = Decimal(100)
TOO_LARGE = Decimal(10) ** 12


@transaction.atomic
def record(
    customer: Customer, amount: Decimal, *, reference: str, actor: Actor, at: datetime, key: str, pays: Document | None = None, how: str = ""
) -> Payment:
    """Post money received and let it settle the document named, then the oldest; the rest stays unapplied (E30.1, semantics 11).

    `amount` is gross, in the customer's currency and minor unit. A customer who pays in advance gets a top-up instead, its tax taken out
    (semantics 9), and a receipt of it (semantics 16), unless a document is named: what is open otherwise stays open (semantics 1, 3). The same `key`
    again, such as a form sent twice, answers with the payment that stands. `how` is the way of paying that whoever records it was told of.
    Raises `amount_not_positive`, `amount_too_fine`, `amount_too_large`, `not_their_document`, `key_reused`, `taken_back`, `pays_otherwise`, `not_open`,
    and above the actor's cap what `caps.require_amount` raises.
    """
    check_amount(amount, customer.currency)
    require(pays is None or pays.customer_id == customer.pk, "not_their_document", _("That invoice belongs to another customer."), "pays")
    billing_type = standing.lock(customer).billing_type
    known = Payment.objects.filter(transfer__key=_key(key)).select_related("transfer").first()
    once.same(_key(key), customer.pk, amount, reference, pays.pk if pays else None, stands=known is not None)
    if known is not None:
        once.require_standing(known.transfer)
        return known
    caps.require_amount(actor, amount, customer.currency, at=at)
    otherwise = _("How this customer pays has changed since this page was opened: look at what it is for.")
    require(how in {"", billing_type}, "pays_otherwise", otherwise, "pays")
    is_open = pays is None or queries.open_documents([customer.pk]).filter(pk=pays.pk).exists()
    require(is_open, "not_open", _("Nothing is due on that invoice any more. Look at the payments before you record this one."), "pays")
    payment_id = new_id()
    about = ("payment", payment_id)
    is_topup = billing_type == BillingType.PREPAID and pays is None
    if is_topup:
        transfer, taxes = _top_up(customer, amount, about=about, key=key, actor=actor, at=at)
    else:
        transfer = ledger.post(Kind.PAYMENT, customer, amount, at=at, actor=actor, key=_key(key), note=reference, about=about)
    payment = Payment.objects.create(id=payment_id, transfer=transfer, reference=reference, gross=amount)
    matching.settle(customer, first=pays, at=at)
    overdue.refresh([customer.pk], at=at)
    said = {"amount": ("", money.text(amount, customer.currency)), "reference": ("", reference)}
    audit.record(actor, "payment.recorded", subject=("customer", customer.pk, customer.name), customer_id=customer.pk, changes=said, at=at)
    if is_topup:
        receipts.of_topup(customer, transfer, taxes, reference=reference, actor=actor, at=at)
    return payment


def check_amount(amount: Decimal, currency: str) -> None:
    """An amount that somebody can pay: above nothing, in the currency's minor unit, of at most twelve digits before the point.

    Raises `amount_not_positive`, `amount_too_fine`, `amount_too_large`.
    """
    require(amount.is_finite() and amount > 0, "amount_not_positive", _("Write an amount above 0.00."), "amount")
    require(amount < TOO_LARGE, "amount_too_large", _("This amount is too large."), "amount")
    require(amount == money.to_minor(amount, currency), "amount_too_fine", _("Write an amount that can be paid."), "amount")


def _key(key: str) -> str:
    return f"payment:{key}"


def _top_up(customer: Customer, gross: Decimal, *, about: tuple[str, UUID], key: str, actor: Actor, at: datetime) -> tuple[Transfer, list[PaidTax]]:
    """The wallet gets the amount without the taxes it includes; each tax goes to tax payable. Several movements, one payment."""
    taxes = [(tax, amount) for tax, amount in taxes_in(customer, gross) if amount]
    wallet = ledger.Posting(Kind.TOPUP, customer, gross - sum((amount for _tax, amount in taxes), Decimal(0)), _key(key), at, about=about)
    parts = [_tax_part(customer, tax, amount, about=about, key=key, at=at) for tax, amount in taxes]
    first, *rest = ledger.post_many([wallet, *parts], at=at, actor=actor)
    return first, [PaidTax(transfer, tax) for transfer, (tax, _amount) in zip(rest, taxes, strict=True)]


def _tax_part(customer: Customer, tax: Tax, amount: Decimal, *, about: tuple[str, UUID], key: str, at: datetime) -> ledger.Posting:
    place = {"account": AccountKind.TAX_PAYABLE, "note": tax.name, "about": about}
    return ledger.Posting(Kind.TOPUP, customer, amount, f"{_key(key)}:tax:{tax.pk}", at, **place)  # type: ignore[arg-type]


def taxes_in(customer: Customer, gross: Decimal) -> list[tuple[Tax, Decimal]]:
    """The taxes that a top-up includes: the percentages on calls the customer is liable for, together gross × r ÷ (1 + r), half-up to the minor unit,
    spread over them by largest remainder (semantics 9)."""
    taxes = list(customer.taxes.filter(on_calls=True))
    percents = [tax.percent for tax in taxes]
    places, together = money.minor_units(customer.currency), sum(percents, Decimal(0))
    whole = money.divide_half_up(gross * together, HUNDRED + together, places)
    return list(zip(taxes, money.spread(whole, percents, places), strict=True)) if whole else []
