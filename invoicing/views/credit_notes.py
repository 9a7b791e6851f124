"""Give an invoice back by a credit note, or give it up by a write-off."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from billing_portal.accounts import rights
from billing_portal.accounts.rights import Right
from billing_portal.kernel import money
from billing_portal.web.access import roles
from billing_portal.web.pages import page
from billing_portal.web.pages.actors import actor_of
from billing_portal.web.viewer import PortalRequest
from invoicing.domain import credit_notes, write_offs
from invoicing.forms.credit_notes import CreditNoteForm, WriteOffForm
from invoicing.models import Document
from invoicing.queries import documents as queries

MOVERS = rights.roles(Right.MOVE_MONEY)


@roles(*MOVERS)
@require_http_methods(["GET", "POST"])
def credit_note(request: PortalRequest, number: str) -> HttpResponse:
    found = queries.document_or_404(request.viewer, number)
    form = CreditNoteForm(request.POST or None, document=found)
    if form.is_valid():
        with form.refusals():
            chosen, reason, key = (form.cleaned_data[name] for name in ("lines", "reason", "key"))
            note = credit_notes.issue(found, positions=chosen, reason=reason, key=key, actor=actor_of(request), at=timezone.now())
            messages.success(request, _("Credit note %(number)s over %(amount)s was issued.") % {"number": note.number, "amount": _text(note, note.total)})
            return redirect("invoicing:document", number=note.number)
    return page(request, "invoicing/credit_note.html", form=form, document=found, customer=found.customer, left=found.total - credit_notes.credited(found))


@roles(*MOVERS)
@require_http_methods(["GET", "POST"])
def write_off(request: PortalRequest, number: str) -> HttpResponse:
    found: Any = queries.document_or_404(request.viewer, number)
    form = WriteOffForm(request.POST or None, document=found, left=write_offs.most_of(found, found.customer.standing))
    if form.is_valid():
        with form.refusals():
            made = write_offs.write_off(found, **form.cleaned_data, actor=actor_of(request), at=timezone.now())
            messages.success(request, _("%(amount)s of %(number)s written off.") % {"number": found.number, "amount": _text(found, made.amount)})
            return redirect("invoicing:document", number=found.number)
    why_not = "" if form.errors else write_offs.why_not(found, found.customer.standing)
    return page(request, "invoicing/write_off.html", form=form, document=found, customer=found.customer, why_not=why_not)


def _text(document: Document, amount: Any) -> str:
    return money.text(money.to_minor(amount, document.currency), document.currency)
