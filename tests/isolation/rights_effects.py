"""What is to come of a right whose table of changes says nothing by itself: what stands there before, and what stands there once it was used."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from billing_portal.accounts.models import Role, User
from customers.models import Customer, PlanAssignment
from invoicing.models import Call, WaitingCall
from tests.isolation.arguments import Belongings
from tests.isolation.furnished import CURRENCY
from tests.support import world

GERMANY = {"49": ("Germany", "0.05")}


@dataclass(frozen=True)
class Effect:
    """`before` makes it so that there is something to do; `done` tells whether it was done."""

    before: Callable[[Belongings], object]
    done: Callable[[Belongings], bool]


def _user(own: Belongings) -> User:
    return User.objects.get(pk=own.of.people[own.name, Role.ACCOUNT_USER].pk)


def _deactivate(own: Belongings) -> object:
    return User.objects.filter(pk=_user(own).pk).update(is_active=False)


def _park(own: Belongings) -> object:
    return Customer.objects.filter(pk=own.customer.pk).update(topup_parked=True)


def _goes_on(own: Belongings) -> bool:
    return not Customer.objects.get(pk=own.customer.pk).topup_parked


def _price(own: Belongings) -> object:
    """A plan with a rate for the call that waits."""
    plan = world.plan("Far away", CURRENCY[own.of.schema], GERMANY)
    return PlanAssignment.objects.filter(customer=own.customer).update(plan=plan)


def _is_rated(own: Belongings) -> bool:
    states = WaitingCall.objects.filter(customer_id=own.customer.pk, reason=WaitingCall.Reason.NO_RATE).values_list("state", flat=True)
    return set(states) == {WaitingCall.State.RATED} and Call.objects.filter(customer_id=own.customer.pk, destination="Germany").exists()


EFFECTS = {
    "customers:person-activate": Effect(_deactivate, lambda own: _user(own).is_active),
    "invoicing:topup-release": Effect(_park, _goes_on),
    "invoicing:waiting-rate-again": Effect(_price, _is_rated),
}
