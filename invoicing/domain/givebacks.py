"""Money that goes back to who paid it: a refund we make, or a chargeback the bank makes (semantics 5, 6, 9)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from billing_portal.accounts.actor import Actor
from billing_portal.accounts.domain import audit
from billing_portal.kernel import money
from billing_portal.kernel.errors import require
from customers.domain import ledger, standing
from customers.domain.ledger import Posting
from customers.models import AccountKind, Customer, Kind, Standing, Transfer
from invoicing.domain import matching, overdue, payments, topups
from invoicing.models import GiveBack, Payment
from invoicing.queries import credits as queries

Way = GiveBack.Way


@transaction.atomic
def refund(payment: Payment, amount: Decimal, *, reason: str, actor: Actor, at: datetime, key: str) -> GiveBack:
    """Give so much of a payment back: only what no invoice has used, or what is still in the wallet, its tax in proportion (semantics 6, 9).

    `amount` is gross, in the customer's currency and minor unit. The same `key` again answers with the refund that stands.
    Raises `reason_missing`, `amount_not_positive`, `amount_too_fine`, `taken_back`, `more_than_paid`, `not_unapplied`, `wallet_used`, `held`.
    """
    row, known = _begin(payment, amount, reason, key, Way.REFUND)
    if known is not None:
        return known
    main, *taxes = _parts(payment, amount)
    customer = payment.transfer.customer
    shares = _shares(payment, amount, [main, *taxes])
    if main.credit.kind == AccountKind.RECEIVABLE:
        said = {"amount": money.text(main.left, customer.currency)}
        require(amount <= main.left, "not_unapplied", _("Invoices have used the rest: %(amount)s of this payment can be refunded.") % said, "amount")
    else:
        said = {"amount": money.text(most_refundable(payment, row), customer.currency)}
        require(shares[0] <= row.wallet, "wallet_used", _("The rest has been spent: %(amount)s of this top-up can be refunded.") % said, "amount")
    standing.require_free(row, shares[0])
    return _post(payment, amount, Way.REFUND, [main, *taxes], shares, reason=reason, actor=actor, at=at, key=key)


@transaction.atomic
def charge_back(payment: Payment, amount: Decimal, *, reason: str, actor: Actor, at: datetime, key: str) -> GiveBack:
    """The bank took so much of a payment back: what it has paid is open again, latest first, and the balance may fall below what may be spent.

    `amount` is gross, in the customer's currency and minor unit; tax goes back in proportion. The automatic top-up is parked (reliability 94).
    Raises `reason_missing`, `amount_not_positive`, `amount_too_fine`, `taken_back`, `more_than_paid`.
    """
    _row, known = _begin(payment, amount, reason, key, Way.CHARGEBACK)
    if known is not None:
        return known
    parts = _parts(payment, amount)
    if parts[0].credit.kind == AccountKind.RECEIVABLE and parts[0].left < amount:
        matching.take_back(parts[0], amount - parts[0].left, at=at)
    made = _post(payment, amount, Way.CHARGEBACK, parts, _shares(payment, amount, parts), reason=reason, actor=actor, at=at, key=key)
    customer = payment.transfer.customer
    if customer.topup != Customer.TopUp.OFF and not customer.topup_parked:
        topups.park(customer, _("Chargeback of %(amount)s") % {"amount": money.text(amount, customer.currency)}, at)
    return made


def most_refundable(payment: Payment, row: Standing) -> Decimal:
    """The most that can be refunded of a payment now, gross, in the customer's minor unit."""
    main, *taxes = queries.parts_of(payment)
    if main.reversed:
        return Decimal(0)
    rest = payment.gross - sum((part.drawn for part in (main, *taxes)), Decimal(0))
    if main.credit.kind == AccountKind.RECEIVABLE:
        return min(rest, Decimal(main.left))
    if row.wallet <= 0 or rest <= 0:
        return Decimal(0)
    places = money.minor_units(payment.transfer.currency)
    cent = Decimal(1).scaleb(-places)
    most = min(rest, money.divide_half_up(row.wallet * payment.gross, main.amount, places) + cent)
    while most > 0 and _shares(payment, most, [main, *taxes])[0] > row.wallet:
        most -= cent
    return most


def _begin(payment: Payment, amount: Decimal, reason: str, key: str, way: str) -> tuple[Standing, GiveBack | None]:
    """Check what is said, lock the customer, and look whether it was done before."""
    customer = payment.transfer.customer
    payments.check_amount(amount, customer.currency)
    require(reason.strip(), "reason_missing", _("Write why; it stands on the statement."), "reason")
    row = standing.lock(customer)
    known = GiveBack.objects.filter(key=key).first()
    same = known is None or (known.payment_id, known.gross, known.way) == (payment.pk, amount, way)
    require(same, "key_reused", _("This was recorded before with other figures."))
    return row, known


def _parts(payment: Payment, amount: Decimal) -> list[queries.Part]:
    """The movements of the payment, the customer's own first, then its taxes, each with what is left of it."""
    parts = queries.parts_of(payment)
    require(not parts[0].reversed, "taken_back", _("This payment was taken back."))
    rest = payment.gross - sum((part.drawn for part in parts), Decimal(0))
    said = {"amount": money.text(money.to_minor(rest, payment.transfer.currency), payment.transfer.currency)}
    require(amount <= rest, "more_than_paid", _("At most %(amount)s of it can still be given back.") % said, "amount")
    return parts


def _shares(payment: Payment, amount: Decimal, parts: Sequence[queries.Part]) -> list[Decimal]:
    """How much each part gives: the taxes in proportion to what has gone back in all, rounded half-up once, so that the whole gives back all of it."""
    taxes = parts[1:]
    places = money.minor_units(payment.transfer.currency)
    before = sum((part.drawn for part in parts), Decimal(0))
    taxed, given = sum((part.amount for part in taxes), Decimal(0)), sum((part.drawn for part in taxes), Decimal(0))
    whole = money.divide_half_up(taxed * (before + amount), payment.gross, places)
    least = amount - (parts[0].amount - parts[0].drawn)  # what the main movement has no longer
    tax = min(max(whole - given, least, Decimal(0)), taxed - given, amount)
    spread = money.spread(tax, [part.amount - part.drawn for part in taxes], places) if taxes else []
    return [amount - tax, *spread]


def _post(
    payment: Payment,
    amount: Decimal,
    way: str,
    parts: Sequence[queries.Part],
    shares: Sequence[Decimal],
    *,
    reason: str,
    actor: Actor,
    at: datetime,
    key: str,
) -> GiveBack:
    customer = payment.transfer.customer
    made = GiveBack.objects.create(payment=payment, way=way, gross=amount, reason=reason.strip(), key=key, at=at)
    postings = [
        Posting(Kind(way), customer, share, f"{movement_key(made)}{number}", at, AccountKind(part.credit.kind), reason.strip(), (queries.TAKEN_FROM, part.pk))
        for number, (part, share) in enumerate(zip(parts, shares, strict=True))
        if share
    ]
    ledger.post_many(postings, at=at, actor=actor)
    matching.settle(customer, at=at)
    overdue.refresh([customer.pk], at=at)
    said = {"amount": ("", money.text(amount, customer.currency)), "reference": ("", payment.reference)}
    subject = ("customer", customer.pk, customer.name)
    action = "payment.refunded" if way == Way.REFUND else "payment.charged_back"
    audit.record(actor, action, subject=subject, customer_id=customer.pk, changes=said, note=reason.strip(), at=at)
    return made


def movement_key(made: GiveBack) -> str:
    """How the keys of its movements begin."""
    return f"back:{made.pk}:"


def movements_of(made: GiveBack) -> list[Transfer]:
    """The movements it made, the customer's own first."""
    return list(Transfer.objects.filter(key__startswith=movement_key(made)).order_by("key"))
