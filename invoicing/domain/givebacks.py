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
from customers.domain import caps, ledger, once, standing
from customers.domain.ledger import Posting
from customers.models import AccountKind, Customer, Kind, Standing, Transfer
from invoicing.domain import matching, overdue, payments, settlements, topups, wallet_debts
from invoicing.models import GiveBack, Payment
from invoicing.queries import credits as queries
from invoicing.queries import lots
from invoicing.queries.lots import Lot

Way = GiveBack.Way


@transaction.atomic
def refund(payment: Payment, amount: Decimal, *, reason: str, actor: Actor, at: datetime, key: str) -> GiveBack:
    """Give so much of a payment back: only what no invoice has used, or what is still in the wallet, its tax in proportion (semantics 6, 9).

    `amount` is gross, in the customer's currency and minor unit. The same `key` again answers with the refund that stands.
    Raises `reason_missing`, `amount_not_positive`, `amount_too_fine`, `key_reused`, `taken_back`, `more_than_paid`, `not_unapplied`, `wallet_owes`,
    `wallet_used`, `held`, and above the actor's cap what `caps.require_amount` raises.
    """
    row, known = _begin(payment, amount, reason, key, Way.REFUND, actor=actor, at=at)
    if known is not None:
        return known
    lot = Lot(queries.parts_of(payment))
    _require_rest(payment, amount, lot.rest)
    main, customer = lot.main, payment.transfer.customer
    shares = _shares(lot, amount, customer.currency)
    if main.credit.kind == AccountKind.RECEIVABLE:
        said = {"amount": money.text(main.left, customer.currency)}
        require(amount <= main.left, "not_unapplied", _("Invoices have used the rest: %(amount)s of this payment can be refunded.") % said, "amount")
        free = {"amount": money.text(most_refundable(payment, row), customer.currency)}
        require(amount <= _free(lot, row), "wallet_owes", _("The wallet owes the rest: %(amount)s of this payment can be refunded.") % free, "amount")
    else:
        said = {"amount": money.text(most_refundable(payment, row), customer.currency)}
        require(
            shares[0] <= lots.inside(payment, row.wallet),
            "wallet_used",
            _("The rest has been spent: %(amount)s of this top-up can be refunded.") % said,
            "amount",
        )
    standing.require_free(row, shares[0])
    return _post(payment, amount, Way.REFUND, list(zip(lot.parts, shares, strict=True)), reason=reason, actor=actor, at=at, key=key)


@transaction.atomic
def charge_back(payment: Payment, amount: Decimal, *, reason: str, actor: Actor, at: datetime, key: str) -> GiveBack:
    """The bank took so much of a payment back: what it has paid is open again, latest first, and the balance may fall below what may be spent.

    What was settled into the other account since is taken from there. `amount` is gross, in the customer's currency and minor unit; tax goes back in
    proportion. The automatic top-up is parked (reliability 94).
    Raises `reason_missing`, `amount_not_positive`, `amount_too_fine`, `key_reused`, `taken_back`, `more_than_paid`, and above the actor's cap what
    `caps.require_amount` raises.
    """
    _row, known = _begin(payment, amount, reason, key, Way.CHARGEBACK, actor=actor, at=at)
    if known is not None:
        return known
    customer, places = payment.transfer.customer, lots.whereabouts(payment)
    _require_rest(payment, amount, sum((lot.rest for lot in places), Decimal(0)))
    taken, rest = list[tuple[queries.Part, Decimal]](), amount
    for lot in places:
        here = min(rest, lot.rest)
        if not here:
            continue
        taken += zip(lot.parts, _shares(lot, here, customer.currency), strict=True)
        rest -= here
    for part, share in taken:
        if part.credit.kind == AccountKind.RECEIVABLE and part.left < share:
            matching.take_back(part, share - part.left, at=at)
    made = _post(payment, amount, Way.CHARGEBACK, taken, reason=reason, actor=actor, at=at, key=key)
    if customer.topup != Customer.TopUp.OFF and not customer.topup_parked:
        topups.park(customer, _("Chargeback of %(amount)s") % {"amount": money.text(amount, customer.currency)}, at)
    return made


def most_refundable(payment: Payment, row: Standing) -> Decimal:
    """The most that can be refunded of a payment now, gross, in the customer's minor unit."""
    lot = Lot(queries.parts_of(payment))
    if lot.main.reversed:
        return Decimal(0)
    if lot.main.credit.kind == AccountKind.RECEIVABLE:
        return min(lot.rest, _free(lot, row))
    there, currency = lots.inside(payment, row.wallet), payment.transfer.currency
    if there <= 0 or lot.rest <= 0:
        return Decimal(0)
    places = money.minor_units(currency)
    cent = Decimal(1).scaleb(-places)
    most = min(lot.rest, money.divide_half_up(there * payment.gross, lot.main.amount, places) + cent)
    while most > 0 and _shares(lot, most, currency)[0] > there:
        most -= cent
    return most


def _free(lot: Lot, row: Standing) -> Decimal:
    """What is left of a payment that no invoice has used, as far as the wallet does not owe it."""
    if row.wallet >= 0:
        return Decimal(lot.main.left)
    customer = lot.main.customer
    return max(min(Decimal(lot.main.left), settlements.unapplied(customer) - wallet_debts.to_pay(customer, row)), Decimal(0))


def most_chargeable(payment: Payment) -> Decimal:
    """The most that the bank can still take back of a payment, gross, in the customer's minor unit: all of it that did not go back before."""
    places = lots.whereabouts(payment)
    return Decimal(0) if places[0].main.reversed else sum((lot.rest for lot in places), Decimal(0))


def _begin(payment: Payment, amount: Decimal, reason: str, key: str, way: str, *, actor: Actor, at: datetime) -> tuple[Standing, GiveBack | None]:
    """Check what is said, lock the customer, and look whether it was done before; what was not must be within the actor's cap."""
    customer = payment.transfer.customer
    payments.check_amount(amount, customer.currency)
    require(reason.strip(), "reason_missing", _("Write why; it stands on the statement."), "reason")
    row = standing.lock(customer)
    known = GiveBack.objects.filter(key=key).first()
    once.same(f"give-back:{key}", payment.pk, amount, way, reason.strip(), stands=known is not None)
    if known is not None:
        once.require_standing(movements_of(known)[0])
    else:
        caps.require_amount(actor, amount, customer.currency, at=at)
    return row, known


def _require_rest(payment: Payment, amount: Decimal, rest: Decimal) -> None:
    """No more goes back than is left of the payment, and nothing of one that was taken back."""
    taken_back = Transfer.objects.filter(reverses=payment.transfer_id).exists()
    require(not taken_back, "taken_back", _("This payment was taken back."))
    said = {"amount": money.text(money.to_minor(rest, payment.transfer.currency), payment.transfer.currency)}
    require(amount <= rest, "more_than_paid", _("At most %(amount)s of it can still be given back.") % said, "amount")


def _shares(lot: Lot, amount: Decimal, currency: str) -> list[Decimal]:
    """How much each part gives: the taxes in proportion to what has gone back in all, rounded half-up once, so that the whole gives back all of it."""
    places = money.minor_units(currency)
    taxed, given = sum((part.amount for part in lot.taxes), Decimal(0)), sum((part.drawn for part in lot.taxes), Decimal(0))
    whole = money.divide_half_up(taxed * (lot.gross - lot.rest + amount), lot.gross, places)
    least = amount - (lot.main.amount - lot.main.drawn)  # what the main movement has no longer
    tax = min(max(whole - given, least, Decimal(0)), taxed - given, amount)
    spread = money.spread(tax, [part.amount - part.drawn for part in lot.taxes], places) if lot.taxes else []
    return [amount - tax, *spread]


def _post(
    payment: Payment,
    amount: Decimal,
    way: str,
    taken: Sequence[tuple[queries.Part, Decimal]],
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
        for number, (part, share) in enumerate(taken)
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
