"""A customer's payments, charges and credits: the list, refund, chargeback, taking back, and writing one by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from billing_portal.accounts import rights
from billing_portal.accounts.rights import Right
from billing_portal.kernel import money
from billing_portal.web.access import roles, staff
from billing_portal.web.listing import Chip, Listing
from billing_portal.web.pages.actors import actor_of
from billing_portal.web.viewer import PortalRequest
from customers import queries as customers
from customers.models import BillingType, Customer, Kind
from customers.views.shell import State, customer_page
from invoicing.domain import entries, givebacks, reversals, settlements, wallet_debts
from invoicing.domain.settlements import Way
from invoicing.domain.statement import effect
from invoicing.forms.payments import DebtForm, EntryForm, GiveBackForm, ReasonForm, SettleForm
from invoicing.models import GiveBack, Payment
from invoicing.queries import credits as queries

MOVERS = rights.roles(Right.MOVE_MONEY)
TAB = "invoicing:payments"
SORTS = {"at": ("posted_at",), "amount": ("amount", "posted_at")}
CHIPS = (
    Chip("payments", _("Payments"), queries.PAYMENTS),
    Chip("given-back", _("Given back"), queries.GIVEN_BACK),
    Chip("charges", _("Charges and credits"), queries.CHARGES),
)


@dataclass(frozen=True)
class Row:
    """A movement by hand: what it was, its amount as people know it, what became of it, and what may be done about it."""

    movement: Any
    what: str
    detail: str
    amount: Decimal
    pill: State | None
    may_refund: bool
    may_charge_back: bool
    may_take_back: bool


@staff
@require_safe
def payments(request: PortalRequest, account: str) -> HttpResponse:
    customer = customers.customer_or_404(request.viewer, account)
    listing = Listing(request.GET, queries.by_hand(customer), search=("note__icontains", "reference__icontains"), chips=CHIPS, sorts=SORTS, default="-at")
    return customer_page(request, "invoicing/payments.html", customer, listing=listing, rows=[_row(each) for each in listing])


def _row(movement: Any) -> Row:
    paid: Payment | None = getattr(movement, "payment", None)
    sign = 1 if effect(movement) > 0 else -1
    gross = movement.amount if paid is None else paid.gross
    detail = movement.note if paid is None else paid.reference
    open_ = not movement.reversed
    reversible = open_ and reversals.is_reversible(movement) and not movement.drawn
    came = movement.amount if open_ and paid is not None else Decimal(0)
    verbs = (movement.drawn < came, movement.drawn - movement.moved_on < came, reversible)
    return Row(movement, str(Kind(movement.kind).label), detail, gross * sign, _pill(movement, paid), *verbs)


def _pill(movement: Any, paid: Payment | None) -> State | None:
    """What became of it; nothing to say about most."""
    if movement.reversed:
        return State("plain", _("Taken back"))
    if movement.drawn >= movement.amount:
        return State("plain", _("Given back or moved"))
    if movement.drawn:
        return State("plain", _("Partly given back or moved"))
    if paid is not None and movement.kind == Kind.PAYMENT and movement.left:
        left = money.text(money.to_minor(movement.left, movement.currency), movement.currency)
        return State("plain", _("%(amount)s not used yet") % {"amount": left})
    return None


@roles(*MOVERS)
@require_http_methods(["GET", "POST"])
def refund(request: PortalRequest, account: str, movement: UUID) -> HttpResponse:
    customer = customers.customer_or_404(request.viewer, account)
    payment = queries.payment_or_404(customer, movement)
    most = givebacks.most_refundable(payment, customer.standing)
    return _give_back(request, customer, payment, GiveBack.Way.REFUND, givebacks.refund, most)


@roles(*MOVERS)
@require_http_methods(["GET", "POST"])
def charge_back(request: PortalRequest, account: str, movement: UUID) -> HttpResponse:
    customer = customers.customer_or_404(request.viewer, account)
    payment = queries.payment_or_404(customer, movement)
    most = givebacks.most_chargeable(payment)
    return _give_back(request, customer, payment, GiveBack.Way.CHARGEBACK, givebacks.charge_back, most)


def _give_back(request: PortalRequest, customer: Customer, payment: Payment, way: GiveBack.Way, verb: Callable[..., Any], most: Decimal) -> HttpResponse:
    most = money.to_minor(most, customer.currency)
    form = GiveBackForm(request.POST or None, currency=customer.currency, initial={"amount": most} if most > 0 else None)
    if form.is_valid():
        with form.refusals():
            made = verb(payment, **form.cleaned_data, actor=actor_of(request), at=timezone.now())
            amount = money.text(money.to_minor(made.gross, customer.currency), customer.currency)
            said = _("%(amount)s refunded.") if way == GiveBack.Way.REFUND else _("Chargeback of %(amount)s recorded.")
            messages.success(request, said % {"amount": amount})
            return redirect(TAB, account=customer.account_number)
    return customer_page(request, "invoicing/give_back.html", customer, tab=TAB, form=form, payment=payment, way=way, most=most)


@roles(*MOVERS)
@require_http_methods(["GET", "POST"])
def take_back(request: PortalRequest, account: str, movement: UUID) -> HttpResponse:
    customer = customers.customer_or_404(request.viewer, account)
    found = queries.movement_or_404(customer, movement)
    form = ReasonForm(request.POST or None)
    if form.is_valid():
        with form.refusals():
            reversals.take_back(found, reason=form.cleaned_data["reason"], actor=actor_of(request), at=timezone.now())
            messages.success(request, _("%(what)s taken back.") % {"what": Kind(found.kind).label})
            return redirect(TAB, account=account)
    amount = found.amount if found.kind == Kind.SETTLE else effect(found)
    shown: dict[str, Any] = {"movement": found, "what": Kind(found.kind).label, "amount": amount, "spent": reversals.missing(found)}
    shown["why_not"] = "" if form.errors else reversals.why_not(found)
    return customer_page(request, "invoicing/take_back.html", customer, tab=TAB, form=form, **shown)


@roles(*MOVERS)
@require_http_methods(["GET", "POST"])
def entry(request: PortalRequest, account: str) -> HttpResponse:
    """A charge, a credit or an adjustment by hand."""
    customer = customers.customer_or_404(request.viewer, account)
    form = EntryForm(request.POST or None, currency=customer.currency)
    if form.is_valid():
        with form.refusals():
            made = entries.write(customer, **form.cleaned_data, actor=actor_of(request), at=timezone.now())
            amount = money.text(money.to_minor(made.amount, customer.currency), customer.currency)
            messages.success(request, _("%(what)s of %(amount)s recorded.") % {"what": Kind(made.kind).label, "amount": amount})
            return redirect(TAB, account=account)
    return customer_page(request, "invoicing/entry.html", customer, tab=TAB, form=form)


@roles(*MOVERS)
@require_http_methods(["GET", "POST"])
def settle(request: PortalRequest, account: str) -> HttpResponse:
    """Credit moves between the wallet and the receivable."""
    customer = customers.customer_or_404(request.viewer, account)
    is_out = customer.billing_type != BillingType.PREPAID and customer.standing.wallet > 0
    form = SettleForm(request.POST or None, currency=customer.currency, initial={"way": Way.OUT if is_out else Way.INTO})
    if form.is_valid():
        with form.refusals():
            settlements.settle(customer, **form.cleaned_data, actor=actor_of(request), at=timezone.now())
            amount = money.text(form.cleaned_data["amount"], customer.currency)
            messages.success(request, _("%(amount)s settled.") % {"amount": amount})
            return redirect(TAB, account=account)
    free = settlements.unapplied(customer)
    return customer_page(request, "invoicing/settle.html", customer, tab=TAB, form=form, free=free)


@roles(*MOVERS)
@require_http_methods(["GET", "POST"])
def bill_debt(request: PortalRequest, account: str) -> HttpResponse:
    """What the wallet owes goes on the next invoice."""
    customer = customers.customer_or_404(request.viewer, account)
    form = DebtForm(request.POST or None, initial={"owed": f"{-customer.standing.wallet.normalize():f}"})
    if form.is_valid():
        with form.refusals():
            made = wallet_debts.bill(customer, **form.cleaned_data, actor=actor_of(request), at=timezone.now())
            said = {"amount": money.text(made[0].amount, customer.currency)}
            messages.success(request, _("%(amount)s will be on the next invoice.") % said)
            return redirect(TAB, account=account)
    return customer_page(request, "invoicing/wallet_debt.html", customer, tab=TAB, form=form, to_pay=wallet_debts.to_pay(customer, customer.standing))
