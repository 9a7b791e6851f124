"""Make a customer, and change one: the verbs every page, import and command uses."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypedDict, Unpack

from django.db import transaction
from django.utils.translation import gettext as _
from django_tenants.utils import schema_context

from billing_portal.accounts.actor import Actor
from billing_portal.accounts.domain import audit, tries
from billing_portal.accounts.models import SignInName
from billing_portal.kernel.errors import DomainError, require
from billing_portal.kernel.period import local_date, zone_of
from billing_portal.tenancy.domain import names
from billing_portal.tenancy.queries import current, named
from customers import queries
from customers.domain import caps, codes, currency, differences, limits, low_balance, own_row, people, spending, standing, unbilled
from customers.domain.caps import Credit
from customers.models import BillingType, Customer, CustomerTax, PlanAssignment
from rateplans.models import RatePlan, Tax

PLAIN = (
    "status",
    "description",
    "time_zone",
    "billing_email",
    "credit_limit",
    "credit_unlimited",
    "daily_limit",
    "low_balance_threshold",
    "low_balance_email",
    "low_balance_repeat_days",
    "topup",
    "topup_threshold",
    "topup_amount",
    "attention",
    "street",
    "city",
    "postcode",
    "country",
    "tax_reference",
    "call_detail",
)
"""Columns that are written as they come; the others have rules of their own."""


class Fields(TypedDict, total=False):
    """What may be said about a customer; what is left out has a default when made and stays when changed.

    Amounts in the customer's currency; `daily_limit` None is no limit, `low_balance_threshold` 0.00 no email.
    `call_detail` is what documents say of calls: none, sums (default) or every (E30). `taxes` it is liable for (default: those liable by default).
    """

    plan: RatePlan | None
    billing_type: str
    currency: str
    time_zone: str
    billing_email: str
    account_number: str
    switch_account_code: str
    description: str
    credit_limit: Decimal
    credit_unlimited: bool
    daily_limit: Decimal | None
    low_balance_threshold: Decimal
    low_balance_email: bool
    low_balance_repeat_days: int
    topup: str
    topup_threshold: Decimal | None
    topup_amount: Decimal
    taxes: Sequence[Tax]
    billing_since: date
    attention: str
    street: str
    city: str
    postcode: str
    country: str
    tax_reference: str
    call_detail: str
    kind: str
    reseller_schema: str


class Changes(Fields, total=False):
    """What may be changed later: the name and the status too."""

    name: str
    status: str


def create(name: str, *, actor: Actor, at: datetime, **fields: Unpack[Fields]) -> Customer:
    """Make a customer with its account number, plan, taxes, empty ledger accounts and first person, who gets the login details by mail (E4, E8, E39, M8).

    The currency is the plan's and the time zone the reseller's unless given; without an account number the next free one is taken.
    Raises `name_taken`, `too_many_names`, `name_missing`, `plan_missing`, `currency_unknown`, `account_number_taken` and others, each on its field,
    and for more credit than the actor may give what `caps.require_raise` raises.
    """
    tries.ask_a_name(actor, at=at)
    return _create(name, actor=actor, at=at, **fields)


@transaction.atomic
def _create(name: str, *, actor: Actor, at: datetime, **fields: Unpack[Fields]) -> Customer:
    given: dict[str, Any] = dict(fields)
    plan, taxes = given.pop("plan", None), given.pop("taxes", None)
    number, code, since = given.pop("account_number", ""), given.pop("switch_account_code", ""), given.pop("billing_since", None)
    customer = Customer(name=_clean_name(name), **given)
    require(plan or customer.kind == Customer.CustomerKind.RESELLER, "plan_missing", _("Choose a rate plan."), "plan")
    _fill(customer, plan)
    customer.billing_since = since or local_date(at, customer.time_zone)
    caps.require_raise(actor, Credit(Decimal(0), False, customer.currency), Credit.of(customer), at=at)
    names.take(customer.name, customer_id=customer.pk)
    customer.account_number, customer.switch_account_code = codes.take_number(customer, number, at=at), codes.take_code(customer, code, at=at)
    customer.save(force_insert=True)
    standing.open_for(customer)
    limits.resolve(customer, at=at)
    if plan is not None:
        PlanAssignment.objects.create(customer=customer, plan=plan, valid_from=None)
    _set_taxes(customer, Tax.objects.filter(liable_by_default=True) if taxes is None else taxes)
    audit.record(actor, "customer.created", subject=subject(customer), customer_id=customer.pk, at=at)
    if customer.kind == Customer.CustomerKind.NORMAL:
        people.add_primary(customer, actor=actor, at=at)
    return customer


def change(customer: Customer, *, actor: Actor, at: datetime, **fields: Unpack[Changes]) -> Customer:
    """Change what is given; the audit trail keeps old and new in words. A new plan prices calls from `at` on (M10, semantics 18).

    Raises `name_taken`, `too_many_names`, `currency_fixed` once money moved, `billing_type_fixed` while something waits that cannot be invoiced, `wallet_owes`
    (semantics 3), others, and for more credit than the actor may give what `caps.require_raise` raises.
    """
    if fields.get("name", customer.name) != customer.name:
        tries.ask_a_name(actor, at=at)
    return _change(customer, actor=actor, at=at, **fields)


@transaction.atomic
def _change(customer: Customer, *, actor: Actor, at: datetime, **fields: Unpack[Changes]) -> Customer:
    standing.lock(customer)
    customer = Customer.objects.get(pk=customer.pk)
    before, credit = differences.words_of(customer, at), Credit.of(customer)
    zone = customer.time_zone
    given: dict[str, Any] = dict(fields)
    for field in PLAIN:
        setattr(customer, field, given.get(field, getattr(customer, field)))
    zone_of(customer.time_zone)
    _check_limit(customer)
    _rename(customer, given.get("name", customer.name))
    _renumber(customer, given.get("account_number", customer.account_number), given.get("switch_account_code", customer.switch_account_code), at)
    _pay_otherwise(customer, given.get("billing_type", customer.billing_type), actor=actor, at=at)
    _change_currency(customer, given.get("currency", customer.currency))
    caps.require_raise(actor, credit, Credit.of(customer), at=at)
    customer.save()
    _change_plan(customer, given.get("plan"), at)
    if "taxes" in given:
        _set_taxes(customer, given["taxes"])
    limits.resolve(customer, at=at)
    if customer.time_zone != zone:
        spending.count_again(customer, at)
    changes = differences.between(before, differences.words_of(customer, at))
    if changes:
        audit.record(actor, "customer.changed", subject=subject(customer), customer_id=customer.pk, changes=changes, at=at)
    return customer


def free_names(taken: str, hints: Iterable[str], *, actor: Actor, at: datetime) -> list[str]:
    """Free names close to one that is taken, with what was typed elsewhere first: each of these is a name asked, and is left out once those are too many."""
    return names.free_alternatives(taken, hints=[hint for hint in hints if hint and _may_ask(actor, at)])


def _may_ask(actor: Actor, at: datetime) -> bool:
    try:
        tries.ask_a_name(actor, at=at)
    except DomainError:
        return False
    return True


def subject(customer: Customer) -> tuple[str, Any, str]:
    """The customer as the audit trail names it."""
    return "customer", customer.pk, customer.name


def _clean_name(name: str) -> str:
    cleaned = " ".join(name.split())
    require(cleaned, "name_missing", _("Write the customer's name."), "name")
    require(len(cleaned) <= 120, "name_too_long", _("A name has at most 120 characters."), "name")
    return cleaned


def _fill(customer: Customer, plan: RatePlan | None) -> None:
    """Defaults that come from the plan and the reseller (semantics 32)."""
    reseller = current()
    customer.currency = customer.currency or (plan.currency if plan else reseller.currency)
    customer.time_zone = customer.time_zone or reseller.time_zone
    zone_of(customer.time_zone)
    require(customer.billing_type in BillingType.values, "billing_type_unknown", _("Choose how the customer pays."), "billing_type")
    _check_limit(customer)
    currency.check(customer.currency)


def _check_limit(customer: Customer) -> None:
    require(customer.credit_limit >= 0, "credit_limit_negative", _("Write a credit limit of 0.00 or more."), "credit_limit")
    daily = customer.daily_limit
    require(daily is None or daily >= 0, "daily_limit_negative", _("Write a limit of 0.00 or more."), "daily_limit")
    low_balance.check(customer)


def _rename(customer: Customer, name: str) -> None:
    cleaned = _clean_name(name)
    if cleaned != customer.name:
        own = own_row.calls_itself(customer)
        beside = own if own and names.is_free(own, except_for=customer.pk) else ""  # what two bear since before it was held stays the first's
        names.take(cleaned, beside=beside, customer_id=customer.pk)
        customer.name = cleaned


def _renumber(customer: Customer, number: str, code: str, at: datetime) -> None:
    if number != customer.account_number:
        old = customer.account_number
        customer.account_number = codes.take_number(customer, number, at=at)
        codes.give_up(customer, old, at=at)
        SignInName.objects.filter(kind=SignInName.Kind.ACCOUNT_NUMBER, value=old).update(value=customer.account_number)
    if code != customer.switch_account_code:
        codes.give_up(customer, customer.switch_account_code, at=at)
        customer.switch_account_code = codes.take_code(customer, code, at=at)


def _pay_otherwise(customer: Customer, billing_type: str, *, actor: Actor, at: datetime) -> None:
    """Semantics 3: what waits to be billed is issued out of turn, and nothing else moves: a debt stays where it is, credit is settled by a verb of its own.

    What a wallet owes would be on no invoice of who pays afterwards, so it is paid or billed first.
    """
    if billing_type == customer.billing_type:
        return
    owes = customer.billing_type == BillingType.PREPAID and customer.standing.wallet < 0
    said = _("The wallet owes something. Have it topped up, or put the debt on an invoice under Payments, first.")
    require(not owes, "wallet_owes", said, "billing_type")
    require(billing_type in BillingType.values, "billing_type_unknown", _("Choose how the customer pays."), "billing_type")
    if unbilled.anything(customer):
        unbilled.settle(customer, actor=actor, at=at)
    message = _("Something waits to be invoiced and cannot be: calls without a price, or amounts that come to nothing or to a credit. Settle that first.")
    require(not unbilled.anything(customer), "billing_type_fixed", message, "billing_type")
    customer.billing_type = billing_type


def _hold_buying(customer: Customer) -> None:
    """A reseller below rates no call until the transaction ends: what comes later is bought as it is said now (semantics 25)."""
    if customer.kind == Customer.CustomerKind.RESELLER and named(customer.reseller_schema, made=True) is not None:
        with schema_context(customer.reseller_schema):
            standing.hold_all()


def _change_currency(customer: Customer, code: str) -> None:
    if code == customer.currency:
        return
    _hold_buying(customer)
    currency.change(customer, code)


def _change_plan(customer: Customer, plan: RatePlan | None, at: datetime) -> None:
    """Put the customer on another plan from `at` on; calls answered before keep the old one's prices."""
    old = queries.plan_at([customer.pk], at).get(customer.pk)
    if plan is None or plan == old:
        return
    _hold_buying(customer)
    valid_from = None if old is None else at
    PlanAssignment.objects.update_or_create(customer=customer, valid_from=valid_from, defaults={"plan": plan})


def _set_taxes(customer: Customer, taxes: Sequence[Tax] | Any) -> None:
    wanted = {tax.pk for tax in taxes}
    CustomerTax.objects.filter(customer=customer).exclude(tax_id__in=wanted).delete()
    known = set(CustomerTax.objects.filter(customer=customer).values_list("tax_id", flat=True))
    CustomerTax.objects.bulk_create([CustomerTax(customer=customer, tax_id=tax_id) for tax_id in sorted(wanted - known)])
