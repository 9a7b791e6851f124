"""Work of this app that is owed to the outbox: issue, render, mail, let calls climb, look for overdue documents."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from django.utils import timezone

from billing_portal.jobs import registry
from invoicing.domain import climb as climbing
from invoicing.domain import overdue, posting, rendering, rerating, rerating_climb, rerating_orders, runs, schedule
from invoicing.models import Document


@registry.handler(schedule.DUE, queue="invoices")
def issue_due(payload: dict[str, Any]) -> None:
    """The run of one time zone that the schedule owes for a date."""
    schedule.run(date.fromisoformat(payload["as_of"]), payload["zone"], at=timezone.now())


@registry.handler("invoices.issue", queue="invoices", lease_seconds=600)
def issue(payload: dict[str, Any]) -> None:
    """One batch of a run."""
    runs.perform(payload, at=timezone.now())


@registry.handler("invoices.render", queue="documents", lease_seconds=300)
def render(payload: dict[str, Any]) -> None:
    """The PDF of one document; then its mail."""
    document = Document.objects.select_related("customer").get(pk=payload["document"])
    rendering.pdf_file(document)
    rendering.owe_mail(document)


@registry.handler("invoices.mail", queue="documents")
def mail(payload: dict[str, Any]) -> None:
    """The mail of one document, with the PDF."""
    document = Document.objects.select_related("customer").get(pk=payload["document"])
    rendering.mail(document, key=payload["key"])


@registry.handler(posting.CLIMB, queue="calls", atomic=False)
def climb(payload: dict[str, Any]) -> None:
    """The calls of one batch, one level up."""
    climbing.climb(UUID(payload["batch"]), at=timezone.now())


@registry.handler(posting.BUY_PRICE, queue="calls", atomic=False)
def write_back(payload: dict[str, Any]) -> None:
    """The prices of calls that have waited here, one level down."""
    climbing.write_back(UUID(payload["batch"]))


@registry.handler(rerating_orders.RATE_AGAIN, queue="calls")
def rate_again(payload: dict[str, Any]) -> None:
    """A part of the posted calls that somebody asked to be rated again."""
    rerating_orders.work(payload, at=timezone.now())


@registry.handler(rerating.CLIMB, queue="calls", atomic=False)
def climb_differences(payload: dict[str, Any]) -> None:
    """The differences of calls rated again, one level up."""
    rerating_climb.up(UUID(payload["attempt"]), at=timezone.now())


@registry.handler(rerating.TELL_BELOW, queue="calls", atomic=False)
def tell_below(payload: dict[str, Any]) -> None:
    """What calls rated again cost a reseller below."""
    rerating_climb.down(UUID(payload["attempt"]), payload["child"], at=timezone.now())


@registry.handler("invoices.overdue", queue="default", atomic=False)
def look_for_overdue(payload: dict[str, Any]) -> None:
    """Customers of a time zone in which a due date has just passed."""
    overdue.refresh_zone(payload["zone"], at=timezone.now())
