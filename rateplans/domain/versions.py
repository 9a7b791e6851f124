"""Versions of a plan follow each other in time; one dated back holds until the next begins."""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import connection

from rateplans import queries
from rateplans.models import PlanVersion, RatePlan

TICK = timedelta(microseconds=1)


def before(plan: RatePlan, since: datetime | None) -> PlanVersion | None:
    """The version that one in force from `since` follows: the one in force then; None means from now on, and the last in time."""
    return queries.version_at(plan, since) if since is not None else queries.versions(plan).first()


def after(plan: RatePlan, since: datetime) -> PlanVersion | None:
    """The version that ends one in force from `since`; None where it holds on."""
    return plan.versions.filter(valid_from__gt=since).order_by("valid_from").first()


def begin_next(plan: RatePlan, *, made_by: str, at: datetime, since: datetime | None = None, file_name: str = "") -> PlanVersion:
    """The next version of a locked plan, with its mark-up and no rates yet, valid from `at`; the first holds for all earlier time.

    Dated back it is valid from `since`, with the mark-up of that time, until the next version in time begins. One that began at the very same moment is
    followed by it at once.
    """
    newest, follows = plan.versions.order_by("-number").first(), before(plan, since)
    then = follows.markup_percent if follows is not None and since is not None else None
    return PlanVersion.objects.create(
        plan=plan,
        number=newest.number + 1 if newest else 1,
        valid_from=None if follows is None else _after(follows, at) if since is None else since,
        markup_percent=plan.markup_percent if then is None else then,
        file_name=file_name,
        made_by=made_by,
        created_at=at,
    )


def begin_at_last(version: PlanVersion, clock: Callable[[], datetime]) -> None:
    """Let a version from now on, whose rates are written, begin by this clock: calls that came meanwhile were priced by the one before (reliability 22).

    What the database would check when the transaction ends is checked first, which takes a while for two million rates. To be saved at once.
    """
    if version.valid_from is not None:
        connection.check_constraints()
        version.valid_from = max(version.valid_from, clock())


def _after(follows: PlanVersion, moment: datetime) -> datetime:
    """Versions from now on follow each other in time also when two are made in the same instant."""
    return moment if follows.valid_from is None else max(moment, follows.valid_from + TICK)
