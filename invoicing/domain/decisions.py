"""Staff approve or reject a top-up that was asked for; the customer is told either way (E36, ERQ)."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from billing_portal.accounts.actor import Actor
from billing_portal.accounts.domain import audit
from billing_portal.kernel import money
from billing_portal.kernel.errors import require
from billing_portal.mail import outgoing
from billing_portal.tenancy import queries as tenancy
from customers.domain import standing
from customers.models import Kind, Standing
from invoicing.domain import own_pages, payments
from invoicing.models import TopUpRequest

State = TopUpRequest.State
MAX_COMMENT, MAX_REFERENCE = 300, 140


@transaction.atomic
def approve(request: TopUpRequest, *, actor: Actor, at: datetime, comment: str = "") -> TopUpRequest:
    """Post the request's amount as money received, once: approved again in the same words, such as by a double click, it stays as it is.

    Who pays in advance gets a top-up with its tax taken out, and is told by the receipt (semantics 16); others get a payment that settles their oldest
    invoices, and a mail that says so. Raises `request_decided` when it was rejected or somebody else approved it, `currency_changed` when the customer
    pays in another one now.
    """
    request = _locked(request)
    if not _is_open(request, State.APPROVED, comment, actor):
        return request
    customer = request.customer
    changed = _("This request is in %(then)s, and the customer pays in %(now)s now. Reject it.")
    require(request.currency == customer.currency, "currency_changed", changed % {"then": request.currency, "now": customer.currency})
    payment = payments.record(customer, request.amount, reference=_reference(request), actor=actor, at=at, key=f"request:{request.pk}")
    request.transfer = payment.transfer
    _decide(request, State.APPROVED, comment, actor=actor, at=at)
    if payment.transfer.kind == Kind.PAYMENT:
        balance = _text(Standing.objects.get(customer=customer).balance, customer.currency)
        _tell("topup_approved", request, {"balance": balance})
    return request


@transaction.atomic
def reject(request: TopUpRequest, *, comment: str, actor: Actor, at: datetime) -> TopUpRequest:
    """Refuse the request and tell the customer why; its low balance makes no further attempt. Raises `comment_missing`, `request_decided`."""
    require(comment.strip(), "comment_missing", _("Write why; the customer reads it."), "comment")
    request = _locked(request)
    if not _is_open(request, State.REJECTED, comment.strip(), actor):
        return request
    _decide(request, State.REJECTED, comment.strip(), actor=actor, at=at)
    _tell("topup_rejected", request, {})
    return request


def amount_of(request: TopUpRequest) -> str:
    """The gross amount in words."""
    return _text(request.amount, request.currency)


def _locked(request: TopUpRequest) -> TopUpRequest:
    """The request as it is now; the customer's standing is locked first, as everywhere."""
    standing.lock(request.customer)
    return TopUpRequest.objects.select_for_update(of=("self",)).select_related("customer").get(pk=request.pk)


def _is_open(request: TopUpRequest, wanted: str, comment: str, actor: Actor) -> bool:
    """Whether it can still be decided; False when it was decided just so, to the word. Raises `request_decided` with who decided and how."""
    if (request.state, request.decided_by, request.comment) == (wanted, actor.name, comment):
        return False
    said = {"state": request.get_state_display().lower(), "name": request.decided_by}
    require(request.state == State.PENDING, "request_decided", _("This request was %(state)s before, by %(name)s.") % said)
    return True


def _decide(request: TopUpRequest, state: str, comment: str, *, actor: Actor, at: datetime) -> None:
    request.state, request.comment = state, comment
    request.decided_at, request.decided_by = at, actor.name
    request.save(update_fields=["state", "comment", "decided_at", "decided_by", "transfer"])
    customer, said = request.customer, {"amount": ("", amount_of(request))}
    subject = ("customer", customer.pk, customer.name)
    audit.record(actor, f"topup.{state}", subject=subject, customer_id=customer.pk, changes=said, note=comment, at=at)


def _reference(request: TopUpRequest) -> str:
    """What the payment is recorded under: who asked for it. It stands on the statement and the receipt, so of staff the seller's name alone."""
    if request.origin == TopUpRequest.Origin.AUTOMATIC:
        return _("Automatic, low balance")
    return (_("Asked for by %s") % (tenancy.current().name if request.by_seller else request.asked_by))[:MAX_REFERENCE]


def _tell(kind: str, request: TopUpRequest, more: dict[str, object]) -> None:
    customer = request.customer
    if not customer.billing_email:
        return
    context = {"customer": customer, "request": request, "amount": amount_of(request), "address": own_pages.topups(customer), **more}
    outgoing.send(kind, to=[customer.billing_email], context=context, key=f"{kind}:{request.pk}", about=("topup_request", request.pk))


def _text(amount: Decimal, currency: str) -> str:
    return money.text(money.to_minor(amount, currency), currency)
