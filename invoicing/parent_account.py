"""What a reseller owes its parent: exactly one customer of the parent's schema is read here, and nothing else of it anywhere (semantics 27)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import TypeVar

from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404
from django_tenants.utils import schema_context

from billing_portal.accounts.actor import Actor
from billing_portal.accounts.domain import audit
from billing_portal.tenancy import queries as tenancy
from billing_portal.web.lookup import named_or_404
from customers.models import Customer
from invoicing.domain import buying, decisions, topups
from invoicing.models import Document, TopUpRequest
from invoicing.queries import documents as queries
from invoicing.queries import spending
from invoicing.queries import topups as topup_queries
from invoicing.queries.spending import Day

T = TypeVar("T")


@dataclass(frozen=True)
class ParentAccount:
    """This reseller as a customer of its parent, with its standing."""

    schema: str
    parent: str
    customer: Customer

    def ask(self, question: Callable[[Customer], T]) -> T:
        """The answer to a question about this one customer, asked in the parent's schema; it must come whole, nothing may be read later."""
        with schema_context(self.schema):
            return question(self.customer)

    def documents(self) -> list[Document]:
        """Its documents with their figures, the latest first."""
        return self.ask(lambda customer: list(_documents(customer)))

    def document(self, number: str, question: Callable[[Document], T]) -> T:
        """The answer to a question about one of its documents; 404 for every other number."""
        return self.ask(lambda customer: question(named_or_404(_documents(customer), number=number)))

    @transaction.atomic
    def ask_for_topup(self, amount: Decimal, *, actor: Actor, at: datetime) -> TopUpRequest:
        """Ask the parent for a top-up over a gross amount in the account's currency (semantics 27).

        The request and the entry in its parent's trail stand there, an entry of ours here, all or none; both name the real person.
        Raises what `topups.ask` raises.
        """
        here = tenancy.current()
        asked = self.ask(lambda customer: topups.ask(customer, amount, actor=_as_seen_from(self.schema, actor, here.schema_name), at=at))
        said = {"amount": ("", decisions.amount_of(asked))}
        audit.record(actor, "parent.topup_asked", subject=("reseller", here.pk, here.name), changes=said, note=self.parent, at=at)
        return asked

    def days(self, first: date, last: date) -> list[Day]:
        """What its calls cost, by its local dates."""
        return self.ask(lambda customer: spending.per_day(customer, first, last))


def exists() -> bool:
    """Whether the reseller whose schema is in force has a parent."""
    return tenancy.current().parent_id is not None


def account_or_404() -> ParentAccount:
    """The account at the parent; 404 for the root, and for a reseller that is not yet a customer there."""
    seller = buying.seller()
    reseller = tenancy.current()
    if seller is None or reseller.parent is None:
        raise Http404
    with schema_context(seller.schema):
        customer = Customer.objects.select_related("standing").get(pk=seller.customer.pk)
    return ParentAccount(seller.schema, reseller.parent.name, customer)


def topups_of(customer: Customer) -> QuerySet[TopUpRequest]:
    """The top-ups this one customer asked for, or its low balance; a question for `ParentAccount.ask`."""
    return topup_queries.with_receipts(TopUpRequest.objects.filter(customer=customer))


def _as_seen_from(parent: str, actor: Actor, here: str) -> Actor:
    """The same person as the parent writes them down: our own staff as ours, the parent's own as its own, others as they are."""
    home = actor.schema or here
    return replace(actor, schema="" if home == parent else home)


def _documents(customer: Customer) -> QuerySet[Document]:
    return queries.with_figures(Document.objects.filter(customer=customer)).select_related("customer")
