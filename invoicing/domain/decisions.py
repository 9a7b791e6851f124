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
from customers.domain import standing
from customers.models import Customer, Kind, Standing
from invoicing.domain import payments, topup_pages
from invoicing.models import Payment, TopUpRequest

State = TopUpRequest.State
MAX_COMMENT = 300


@transaction.atomic
def approve(request: TopUpRequest, *, actor: Actor, at: datetime, comment: str = "") -> TopUpRequest:
    """Post the request's amount as money received, once: approved again, such as by a double click, it stays as it is.

    Who pays in advance gets a top-up with its tax taken out, others a payment that settles their oldest invoices. The mail is the receipt
    (semantics 16). Raises `request_decided` when it was rejected before.
    """
    request = _locked(request)
    if request.state == State.APPROVED:
        return request
    require(request.state == State.PENDING, "request_decided", _("This request was decided before, by %s.") % request.decided_by)
    customer = request.customer
    payment = payments.record(customer, request.amount, reference=_("Top-up"), actor=actor, at=at, key=f"request:{request.pk}")
    request.transfer = payment.transfer
    _decide(request, State.APPROVED, comment, actor=actor, at=at)
    _tell("topup_approved", request, _receipt(customer, payment))
    return request


@transaction.atomic
def reject(request: TopUpRequest, *, comment: str, actor: Actor, at: datetime) -> TopUpRequest:
    """Refuse the request and tell the customer why; its low balance makes no further attempt. Raises `comment_missing`, `request_decided`."""
    require(comment.strip(), "comment_missing", _("Write why; the customer reads it."), "comment")
    request = _locked(request)
    if request.state == State.REJECTED:
        return request
    require(request.state == State.PENDING, "request_decided", _("This request was decided before, by %s.") % request.decided_by)
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


def _decide(request: TopUpRequest, state: str, comment: str, *, actor: Actor, at: datetime) -> None:
    request.state, request.comment = state, comment
    request.decided_at, request.decided_by = at, actor.name
    request.save(update_fields=["state", "comment", "decided_at", "decided_by", "transfer"])
    customer, said = request.customer, {"amount": ("", amount_of(request))}
    subject = ("customer", customer.pk, customer.name)
    audit.record(actor, f"topup.{state}", subject=subject, customer_id=customer.pk, changes=said, note=comment, at=at)


def _receipt(customer: Customer, payment: Payment) -> dict[str, object]:
    """What was paid, the tax in it, what the balance gained, and the balance since (A26)."""
    is_topup = payment.transfer.kind == Kind.TOPUP
    tax = payment.gross - payment.transfer.amount if is_topup else Decimal(0)
    return {
        "tax": _text(tax, customer.currency) if tax else "",
        "credited": _text(payment.gross - tax, customer.currency),
        "balance": _text(Standing.objects.get(customer=customer).balance, customer.currency),
    }


def _tell(kind: str, request: TopUpRequest, more: dict[str, object]) -> None:
    customer = request.customer
    if not customer.billing_email:
        return
    context = {"customer": customer, "request": request, "amount": amount_of(request), "address": topup_pages.address_of(customer), **more}
    outgoing.send(kind, to=[customer.billing_email], context=context, key=f"{kind}:{request.pk}", about=("topup_request", request.pk))


def _text(amount: Decimal, currency: str) -> str:
    return money.text(money.to_minor(amount, currency), currency)
