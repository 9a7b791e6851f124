"""Versions of a plan follow each other: in number and in time."""

from datetime import datetime, timedelta

from rateplans.models import PlanVersion, RatePlan

TICK = timedelta(microseconds=1)


def begin_next(plan: RatePlan, *, made_by: str, at: datetime, file_name: str = "") -> PlanVersion:
    """The next version of a locked plan, with its mark-up and no rates yet, valid from `at`; the first holds for all earlier time."""
    last = plan.versions.order_by("-number").first()
    return PlanVersion.objects.create(
        plan=plan,
        number=last.number + 1 if last else 1,
        valid_from=_begins(last, at),
        markup_percent=plan.markup_percent,
        file_name=file_name,
        made_by=made_by,
        created_at=at,
    )


def _begins(last: PlanVersion | None, at: datetime) -> datetime | None:
    """Versions follow each other in time as in number, also when two are made in the same instant."""
    if last is None:
        return None
    return at if last.valid_from is None else max(at, last.valid_from + TICK)
