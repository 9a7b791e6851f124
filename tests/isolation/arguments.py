"""What to write into an address: the row whose model is called like the argument, of somebody, in one reseller."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.apps import apps
from django.db import models
from django.db.models import Q
from django.forms import ModelChoiceField
from django_tenants.utils import schema_context

from billing_portal.accounts.models import OpenSession, Role, User
from billing_portal.jobs.models import Job
from billing_portal.web.forms import Dressed
from customers.domain import reseller_orders
from customers.models import Customer, Kind, Person, Transfer
from invoicing.models import Document
from tests.isolation import canaries
from tests.isolation.furnished import Furnished
from tests.support.addresses import Address

# Arguments that name nothing of anybody, with what stands for them.
OF_NOBODY = {"colour": "00647e"}
MODELS = {
    "factor": "mfa.Authenticator",
    "passkey": "mfa.Authenticator",
    "session": "accounts.ParentSession",
    "topup": "invoicing.TopUpRequest",
    "item": "invoicing.InvoiceRunItem",
    "run": "invoicing.InvoiceRun",
    "mail": "mail.MailLog",
    "key": "accounts.ApiKey",
}
"""Arguments that are not called like their model; any other that is neither here nor a model's name fails the sweep until it is told here."""


class UnknownArgumentError(LookupError):
    """An address has an argument that the sweep cannot fill; say in `MODELS` or `Belongings` what stands there."""


@dataclass(frozen=True)
class Belongings:
    """What belongs to one customer ("Anna" or "Bob") of a reseller, or, for what belongs to no customer, the first or the last row there is."""

    of: Furnished
    name: str

    @property
    def customer(self) -> Customer:
        return self.of.anna if self.name == "Anna" else self.of.bob

    def path(self, address: Address, *, but: str = "", from_: Belongings | None = None) -> str:
        """The address filled with these belongings, one argument perhaps with those of somebody else."""
        return address.filled(lambda converter, name: (from_ if name == but and from_ else self).value(address, converter, name))

    def value(self, address: Address, converter: str, name: str) -> object:
        with schema_context(self.of.schema):
            special = self._special(address).get(name)
            return special() if special is not None else self.row(_model(address, converter, name)).pk

    def _special(self, address: Address) -> dict[str, Callable[[], object]]:
        """Arguments that are no primary keys."""
        document = address.name.startswith("invoicing:")
        return {
            "account": lambda: self.customer.account_number,
            "token": lambda: self.of.links[self.name],
            "movement": lambda: Transfer.objects.filter(customer=self.customer, kind=Kind.PAYMENT).order_by("pk")[0].pk,
            "order": lambda: Job.objects.get(kind=reseller_orders.MAKE).payload["progress"],
            "number": lambda: self.row(Document).number if document else 1,
            **{name: partial(str, word) for name, word in OF_NOBODY.items()},
        }

    def row(self, model: type[models.Model]) -> Any:
        """The row of this model that belongs to the customer; Bob's is the last where it belongs to none. The schema in force is the reseller's.

        A person is the account user, so that the account administrator may do everything to them.
        """
        if model is Person:
            return Person.objects.get(user=self.of.people[self.name, Role.ACCOUNT_USER])
        rows = model._default_manager.order_by("pk")
        owned = rows.filter(pk__in=self._owned(model)) if self._owned(model) is not None else rows
        found = owned.first() if self.name == "Anna" else owned.last()
        if found is None:
            raise UnknownArgumentError(f"{self.of.schema} has no {model._meta.label} of {self.name}")
        return found

    def leads_to_customer(self, model: type[models.Model]) -> bool:
        """Whether rows of this model belong to a customer."""
        return any(_ways(model))

    def _owned(self, model: type[models.Model]) -> Any:
        """The keys of the rows that lead to the customer, or None when the model leads to no customer."""
        if model is User:
            return User.objects.exclude(role__in=["account_admin", "account_user"]).exclude(username__contains="jane").values("pk")
        ways = list(_ways(model))
        if not ways:
            return None
        where = Q()
        for way in ways:
            where |= Q((way, self.customer.pk))
        owned = model._default_manager.filter(where)
        return owned.values("pk") if owned.exists() else None

    def marks(self) -> list[object]:
        """Ids by which a row is known to be the customer's."""
        with schema_context(self.of.schema):
            people = Person.objects.filter(customer=self.customer)
            return [self.customer.pk, *people.values_list("pk", flat=True), *people.values_list("user_id", flat=True)]


def _model(address: Address, converter: str, name: str) -> type[models.Model]:
    """The model an argument is about: called like it; a person of the staff's pages is a user, a session of one's own account an open one."""
    if name == "person" and "/settings/" in address.pattern:
        return User
    if name == "session" and "/account/" in address.pattern:
        return OpenSession
    if name in MODELS:
        return apps.get_model(MODELS[name])
    wanted = name.replace("_", "")
    fitting = [model for model in apps.get_models() if model.__name__.lower() == wanted] or [
        model for model in apps.get_models() if model.__name__.lower().endswith(wanted) and model._meta.app_label not in {"contenttypes", "auth", "sessions"}
    ]
    if len(fitting) != 1:
        raise UnknownArgumentError(f"<{converter}:{name}> of {address} fits {[model._meta.label for model in fitting] or 'no model'}")
    return fitting[0]


def _ways(model: type[models.Model], depth: int = 2) -> Iterator[str]:
    """Lookups that lead from a model to a customer."""
    if model is Customer:
        yield "pk"
    if model is User:
        yield "person__customer"
    for field in model._meta.concrete_fields:
        if field.name == "customer_id" or (isinstance(field, models.ForeignKey) and field.related_model is Customer):
            yield field.name
        elif isinstance(field, models.ForeignKey) and depth and field.related_model is not model:
            yield from (f"{field.name}__{way}" for way in _ways(field.related_model, depth - 1))


def every_name(theirs: Belongings) -> dict[str, Any]:
    """Each name under which a form or a view may read an id, with an id of theirs: names of models, and of the form fields in which a row is chosen."""
    number = theirs.customer.account_number
    sent: dict[str, Any] = {"account": number, "customer": number}
    with schema_context(theirs.of.schema):
        for model in canaries.models_of_a_reseller():
            if not model._default_manager.exists():
                continue
            key = theirs.row(model).pk
            sent.setdefault(model.__name__.lower(), str(key[1] if isinstance(key, tuple) else key))
        sent |= {name: str(theirs.row(model).pk) for name, model in rows_chosen()}
    return sent | {"ids": [sent["waitingcall"]]}


def rows_chosen() -> Iterator[tuple[str, type[models.Model]]]:
    """Name and model of every field of a form of ours in which a row is chosen."""
    for form in _below(Dressed):
        for name, field in form.base_fields.items():
            if isinstance(field, ModelChoiceField) and field.queryset is not None:
                yield name, field.queryset.model


def _below(form: Any) -> Iterator[Any]:
    for each in form.__subclasses__():
        yield each
        yield from _below(each)
