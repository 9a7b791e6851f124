"""Who is switched in where across hosts: those of a parent who are here, our own who are below; and calling back who may no longer (reliability 69)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django_tenants.utils import schema_context

from billing_portal.accounts.domain import tickets
from billing_portal.accounts.models import ParentSession, User
from billing_portal.tenancy import queries as tenancy
from billing_portal.tenancy.models import Reseller


def here(*, at: datetime) -> list[ParentSession]:
    """Those of a parent who may act in this reseller now, the last to come first."""
    return _live(_open(), at)


def below(*, at: datetime) -> list[tuple[Reseller, list[ParentSession]]]:
    """The resellers below this one, whatever lies between, in which somebody of our own may act now, with who does."""
    home = tenancy.current()
    found = []
    for reseller in tenancy.below(home):
        with schema_context(reseller.schema_name):
            sessions = _live(_open(ticket__actor_schema=home.schema_name), at)
        if sessions:
            found.append((reseller, sessions))
    return found


def call_back(user: User, *, at: datetime) -> None:
    """End every switch of this person of ours into resellers below; the trail of each says that they are no longer allowed."""
    home = tenancy.current()
    for reseller in tenancy.below(home):
        with schema_context(reseller.schema_name):
            for found in _open(ticket__actor_schema=home.schema_name, ticket__actor_id=user.pk):
                tickets.lapse(found, _("no longer allowed"), at=at)


def _open(**where: Any) -> QuerySet[ParentSession]:
    return ParentSession.objects.filter(ended_at=None, **where).select_related("ticket").order_by("-began_at")


def _live(found: QuerySet[ParentSession], at: datetime) -> list[ParentSession]:
    """Who was locked, demoted, idle or ended further up stands in a row until their next request, and is nowhere all the same."""
    return [each for each in found if not tickets.why_over(each, tickets.role_of(each.ticket), at=at)]
