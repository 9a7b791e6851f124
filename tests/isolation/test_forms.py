"""What a form may not be told: rows of others in its choices, and fields that it does not have (reliability 63, 64)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.core.files.uploadedfile import UploadedFile
from django.db import connection, models, transaction
from django.forms import BaseForm, ModelChoiceField, ModelMultipleChoiceField
from django_tenants.utils import schema_context

from billing_portal.accounts.models import Role
from billing_portal.tenancy.models import Reseller
from tests.isolation import canaries
from tests.isolation.actors import ASKERS, Asker, same_cookies
from tests.isolation.arguments import Belongings
from tests.isolation.filled_in import completed, errors, forms_of
from tests.isolation.furnished import Furnished
from tests.isolation.watch import counted
from tests.sizes import FULL
from tests.support import addresses

pytestmark = [pytest.mark.django_db]

Resellers = dict[str, Furnished]
NOTHING = {"django_session"}
MASS = "zqmass"
ALSO = {"balance": "7777.77", "tenant": "globex", "reseller": "globex", "is_staff": "on", "is_superuser": "on", "locked": "", "wallet": "7777.77"}
WHO = ("administrator", "commerce", "support", "account_admin", "account_user", "switched into a customer")


@dataclass(frozen=True)
class Shown:
    """A page with its forms, all of which are sent to its own address."""

    path: str
    pattern: str
    forms: tuple[BaseForm, ...]

    @property
    def fields(self) -> dict[str, Any]:
        return {name: field for form in self.forms for name, field in form.fields.items()}

    def completed(self) -> dict[str, Any]:
        """What a browser would send when only what must be there was filled in."""
        return {name: value for form in self.forms for name, value in completed(form).items()}


def shown_to(asker: Asker, own: Belongings) -> Iterator[Shown]:
    """Every page with a form that this asker is shown and may send to the same address."""
    for address in addresses.every():
        path = own.path(address)
        answer = asker.browser.get(path)
        forms = tuple(forms_of(answer)) if answer.status_code == 200 else ()
        if forms and asker.browser.post(path, {"frame": "of another page"}).status_code == 409:
            yield Shown(path, address.pattern, forms)


def send(asker: Asker, shown: Shown, data: dict[str, Any]) -> tuple[Any, set[str]]:
    """The answer and the tables that were written to; all of it is undone."""
    for value in data.values():
        if isinstance(value, UploadedFile):
            value.seek(0)
    before = counted()
    with same_cookies(asker.browser):
        answer = asker.browser.post(shown.path, {**data, **({"frame": asker.frame} if asker.frame else {})})
    return answer, {table for (schema, table), count in counted().items() if before.get((schema, table)) != count} - NOTHING


@pytest.mark.rel(63)
@pytest.mark.parametrize("who", ["administrator", "account_admin"])
def test_a_form_takes_rows_from_its_choices_and_no_others(resellers: Resellers, who: str) -> None:
    asker = ASKERS[who](resellers)
    own, alien, neighbour = Belongings(resellers["acme"], "Anna"), Belongings(resellers["globex"], "Anna"), Belongings(resellers["acme"], "Bob")
    chosen, wrong = set(), []
    for shown in shown_to(asker, own):
        for name, field in shown.fields.items():
            if isinstance(field, ModelChoiceField) and field.queryset is not None:
                chosen.add(name)
                wrong += [f"{shown.pattern} {name}: {problem}" for problem in told(asker, shown, name, [alien, neighbour])]

    assert not wrong, "\n".join(wrong)
    assert chosen >= ({"plan", "taxes", "source", "person", "pays"} if who == "administrator" else {"person"})


def told(asker: Asker, shown: Shown, name: str, others: list[Belongings]) -> Iterator[str]:
    """What the form answers to a row of its own, which it must take, and to rows of others, which it must refuse on the field."""
    field: Any = shown.fields[name]
    own, model = field.queryset.first(), field.queryset.model
    several = isinstance(field, ModelMultipleChoiceField)
    if own is not None:
        with transaction.atomic():
            answer, _changed = send(asker, shown, {**shown.completed(), name: [str(own.pk)] if several else str(own.pk)})
            transaction.set_rollback(True)
        if name in errors(answer):
            yield f"refuses {own}, which it offers"
    for theirs in others:
        with schema_context(theirs.of.schema):
            row = theirs.row(model)
        connection.set_tenant(own_reseller())
        if theirs.of.schema == "acme" and not theirs.leads_to_customer(model):
            continue  # a plan or a tax is everybody's of the reseller; what belongs to another customer is refused even if it is offered
        with transaction.atomic():
            answer, changed = send(asker, shown, {**shown.completed(), name: [str(row.pk)] if several else str(row.pk)})
            transaction.set_rollback(True)
        if name not in errors(answer) or changed:
            yield f"takes {row} of {theirs.name} in {theirs.of.schema}: {answer.status_code}, changed {changed}"


def own_reseller() -> Reseller:
    connection.set_schema_to_public()
    return Reseller.objects.get(schema_name="acme")


@pytest.mark.rel(64)
@pytest.mark.parametrize("who", WHO if FULL else ("commerce", "account_admin"))
def test_a_form_changes_the_fields_it_has_and_no_others(resellers: Resellers, who: str) -> None:
    asker = ASKERS[who](resellers)
    own, neighbour = Belongings(resellers["acme"], "Anna"), Belongings(resellers["acme"], "Bob")
    everything = every_field(neighbour)
    wrong, sent = [], 0
    for shown in shown_to(asker, own):
        data = shown.completed()
        plain = outcome(asker, shown, data, neighbour)
        more = outcome(asker, shown, {**{name: value for name, value in everything.items() if name not in shown.fields}, **data}, neighbour)
        sent += plain.saved
        if more != plain:
            wrong.append(f"{shown.pattern}: {plain} became {more}")

    assert not wrong, "\n".join(wrong)
    assert sent >= {"commerce": 8, "account_admin": 4}.get(who, 1)


@dataclass(frozen=True)
class Outcome:
    """What a form did, by what can be compared: its status, the tables it wrote to, their numbers and choices, and where foreign words stand."""

    status: int
    changed: frozenset[str]
    figures: tuple[str, ...]
    foreign: tuple[int, ...]

    @property
    def saved(self) -> bool:
        return self.status == 302


def outcome(asker: Asker, shown: Shown, data: dict[str, Any], neighbour: Belongings) -> Outcome:
    with transaction.atomic():
        answer, changed = send(asker, shown, data)
        kept = [model for model in canaries.models_of_a_reseller() if model._meta.db_table in changed]
        marks = "|".join([MASS, "7777.77", "2031-03-13", *map(str, neighbour.marks())])
        with schema_context("acme"), connection.cursor() as cursor:
            figures = tuple(_figures(cursor, model) for model in kept)
            foreign = tuple(_count(cursor, model, marks) for model in kept)
        transaction.set_rollback(True)
    return Outcome(answer.status_code, frozenset(changed), figures, foreign)


def _figures(cursor: Any, model: type[models.Model]) -> str:
    """The numbers, ticks and choices of a table in one MD5; times, ids and words differ from run to run."""
    kinds = (models.BooleanField, models.DecimalField, models.IntegerField)
    columns = [f'"{field.column}"' for field in model._meta.concrete_fields if isinstance(field, kinds) or getattr(field, "choices", None)]
    listed = ", ".join(columns) or "1"
    cursor.execute(f"SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM (SELECT {listed} FROM \"{model._meta.db_table}\") t")
    return str(cursor.fetchone()[0])


def _count(cursor: Any, model: type[models.Model], marks: str) -> int:
    cursor.execute(f'SELECT count(*) FROM "{model._meta.db_table}" AS row WHERE row::text ~ %s', [marks])
    return int(cursor.fetchone()[0])


def every_field(neighbour: Belongings) -> dict[str, Any]:
    """Every column there is, by its name, with a value that would be seen: of another customer, larger, later, or a role of the staff."""
    sent: dict[str, Any] = dict(ALSO)
    known: list[type[models.Model]] = [*canaries.models_of_a_reseller(), Reseller]
    for model in known:
        for field in model._meta.concrete_fields:
            sent.setdefault(field.name, _large(field, neighbour))
            sent.setdefault(field.column or field.name, sent[field.name])
    return sent | {"role": Role.ADMINISTRATOR.value, "id": str(neighbour.customer.pk)}


def _large(field: Any, neighbour: Belongings) -> str:
    if field.choices:
        return str(field.choices[-1][0])
    kinds: list[tuple[Any, str]] = [
        (models.BooleanField, "on"), (models.DecimalField, "7777.77"), (models.IntegerField, "7"), (models.DateField, "2031-03-13"),
        ((models.ForeignKey, models.UUIDField), str(neighbour.customer.pk)),
    ]  # fmt: skip
    return next((value for kind, value in kinds if isinstance(field, kind)), MASS)
