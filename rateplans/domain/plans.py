"""Make and change rate plans."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from billing_portal.accounts.actor import Actor
from billing_portal.accounts.domain import audit
from billing_portal.kernel import currencies, money
from billing_portal.kernel.errors import DomainError, require
from rateplans import queries
from rateplans.domain import loading, sharing, sources, taking_back, versions
from rateplans.models import RatePlan

Inherits = RatePlan.Inherits
CHANGEABLE = ("name", "description", "precision", "due_days", "charge_connection_at_zero", "position", "markup_percent", "sharing")
MOST_DUE_DAYS = 365
LEAST_MARKUP, MOST_MARKUP = Decimal(-100), Decimal(1000)
CHOSEN = (Inherits.NOTHING, Inherits.PLAN, Inherits.OWN_PLAN)


@transaction.atomic
def create(
    *,
    name: str,
    actor: Actor,
    at: datetime,
    currency: str = "",
    description: str = "",
    precision: int = 4,
    due_days: int | None = None,
    charge_connection_at_zero: bool = False,
    position: int | None = None,
    inherits: str = Inherits.NOTHING,
    source: RatePlan | None = None,
    markup_percent: Decimal = Decimal(0),
    sharing: str = RatePlan.Sharing.PRIVATE,
) -> RatePlan:
    """Make a plan without rates of its own yet; currency and source are for life, `precision` the decimals prices are rounded to, 0 to 6 (E11, E3.1).

    A plan that inherits takes its source's currency. Raises `name_missing`, `name_taken`, `currency_unknown`, `precision_out_of_range`,
    `due_days_out_of_range`, `source_missing`, `markup_out_of_range`, `markup_without_source`, `too_many_markups`, `no_own_plan`.
    """
    plan = RatePlan(
        name=name.strip(),
        currency=currency,
        description=description.strip(),
        precision=precision,
        due_days=due_days,
        charge_connection_at_zero=charge_connection_at_zero,
        position=queries.visible_plans().count() + 1 if position is None else position,
        inherits=inherits,
        source=source if inherits == Inherits.PLAN else None,
        markup_percent=markup_percent,
        sharing=sharing,
        created_at=at,
    )
    _take_source(plan, at)
    require(plan.currency in currencies.codes(), "currency_unknown", _("Choose a currency from the list."), "currency")
    _check(plan)
    with _once(plan.name):
        plan.save(force_insert=True)
    if plan.inherits != Inherits.NOTHING:
        versions.begin_next(plan, made_by=actor.name, at=at)
        _check_chain(plan, at)
    audit.record(actor, "plan.created", subject=subject(plan), changes={"currency": ("", plan.currency)}, at=at)
    _tell_below(plan, plan.sharing != RatePlan.Sharing.PRIVATE, at)
    return plan


def create_own(*, actor: Actor, at: datetime) -> RatePlan | None:
    """Give a new reseller "Your own rate plan", which inherits from the plan its parent put it on; None while that is none, and once it has one.

    Plans its parent shares appear beside it. Called with the reseller's schema in force.
    """
    sharing.refresh(at=at)
    known = RatePlan.objects.filter(inherits=Inherits.OWN_PLAN).order_by("created_at").first()
    if known is not None or sources.own_plan(at) is None:
        return known
    return create(name=_("Your own rate plan"), inherits=Inherits.OWN_PLAN, position=0, actor=actor, at=at)


@transaction.atomic
def change(plan: RatePlan, *, actor: Actor, at: datetime, take_back: bool = False, **values: Any) -> RatePlan:
    """Change what may be changed of a plan (`CHANGEABLE`): not its currency, source or rates. Calls that are rated keep their price.

    A new mark-up prices calls answered from `at` on. What resellers below use is shared no further only where `take_back` says so.
    Raises as `create` does, `used_below`, and `shared_read_only` for a plan of the parent.
    """
    locked = RatePlan.objects.select_for_update(no_key=True).get(pk=plan.pk)
    check_own(locked)
    before = {field: getattr(locked, field) for field in CHANGEABLE}
    if not take_back:
        taking_back.check(locked, values.get("sharing", locked.sharing), at=at)
    for field, value in values.items():
        require(field in CHANGEABLE, "not_changeable", _("The currency and the source of a rate plan are for life."), field)
        setattr(locked, field, value)
    _check(locked)
    changes = {field: (old, getattr(locked, field)) for field, old in before.items() if old != getattr(locked, field)}
    if changes:
        with _once(locked.name):
            locked.save(update_fields=list(changes))
        if "markup_percent" in changes:
            _mark_up(locked, before["markup_percent"], actor=actor, at=at)
        audit.record(actor, "plan.changed", subject=subject(locked), changes=changes, at=at)
        _tell_below(locked, "sharing" in changes or locked.sharing != RatePlan.Sharing.PRIVATE, at)
    return locked


def _mark_up(plan: RatePlan, old: Decimal, *, actor: Actor, at: datetime) -> None:
    """A version with the new mark-up and the rates the plan has itself; the version before keeps the old one."""
    last = versions.before(plan, None)
    plan.versions.filter(markup_percent=None).update(markup_percent=old)
    version = versions.begin_next(plan, made_by=actor.name, at=at)
    if last is None:
        version.valid_from = at
    else:
        version.rate_count = loading.carry_over(last, version, at=at)
    version.save(update_fields=["rate_count", "valid_from"])
    _check_chain(plan, at)


def subject(plan: RatePlan) -> tuple[str, Any, str]:
    """The plan as the audit trail names it."""
    return ("plan", plan.pk, plan.name)


def check_own(plan: RatePlan) -> None:
    """A plan the parent shares is read only here."""
    require(plan.inherits != Inherits.SHARED, "shared_read_only", _("“%(plan)s” is your parent's: it cannot be changed here.") % {"plan": plan.name})


def _take_source(plan: RatePlan, at: datetime) -> None:
    """The currency of an inheriting plan is its source's (semantics 20)."""
    require(plan.inherits in CHOSEN, "inherits_unknown", _("Choose what the plan inherits from."), "inherits")
    if plan.inherits == Inherits.PLAN:
        require(plan.source, "source_missing", _("Choose the rate plan it inherits from."), "source")
        plan.currency = plan.source.currency if plan.source else ""
    elif plan.inherits == Inherits.OWN_PLAN:
        own = sources.own_plan(at)
        require(own, "no_own_plan", _("Your parent has put you on no rate plan."), "inherits")
        plan.currency = own.currency if own else ""


def _check(plan: RatePlan) -> None:
    require(plan.name, "name_missing", _("Write a name."), "name")
    require(0 <= plan.precision <= money.MAX_PLACES, "precision_out_of_range", _("Write a number of decimals from 0 to 6."), "precision")
    require(plan.due_days is None or 0 <= plan.due_days <= MOST_DUE_DAYS, "due_days_out_of_range", _("Write 0 to 365 days, or nothing."), "due_days")
    in_range = LEAST_MARKUP < plan.markup_percent <= MOST_MARKUP
    require(in_range, "markup_out_of_range", _("Write a mark-up above -100 % and up to 1000 %."), "markup_percent")
    sourced = plan.inherits != Inherits.NOTHING or plan.markup_percent == 0
    require(sourced, "markup_without_source", _("A mark-up needs a rate plan to inherit from."), "markup_percent")
    require(plan.sharing in RatePlan.Sharing.values, "sharing_unknown", _("Choose with whom the plan is shared."), "sharing")


def _check_chain(plan: RatePlan, at: datetime) -> None:
    """No more mark-ups above each other than what a call keeps of its rate can hold exactly."""
    chain = sources.chain_of(plan, at)
    most = sources.MOST_MARKUPS
    message = _("At most %(most)d mark-ups can stand upon each other.") % {"most": most}
    require(chain is None or chain.markups <= most, "too_many_markups", message, "markup_percent")


def _tell_below(plan: RatePlan, concerned: bool, at: datetime) -> None:
    if concerned:
        sharing.owe_refresh(plan, at=at)


@contextmanager
def _once(name: str) -> Iterator[None]:
    """Names of plans are unique within the reseller, whatever their case; the database is the judge."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as clash:
        if "plan_name_once" not in str(clash):
            raise
        raise DomainError("name_taken", _("“%(name)s” is the name of another rate plan.") % {"name": name}, "name") from clash
