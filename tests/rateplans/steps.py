"""Steps that tests of rate plans share."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from rateplans.domain import imports, plans
from rateplans.models import PlanVersion, RatePlan
from tests.support.world import jane

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def made(name: str = "Standard", currency: str = "GBP", **given: Any) -> RatePlan:
    return plans.create(name=name, currency=currency, actor=jane, at=NOON, **given)


def load(plan: RatePlan, content: bytes, *, at: datetime = NOON, mode: str = "replace", in_force_from: datetime | None = None) -> PlanVersion:
    """Upload and apply a file, unusual prices included."""
    seen = imports.preview(plan, "rates.csv", content, mode, jane, at=at)
    assert seen.rate_import is not None, seen.file.errors
    return imports.apply(seen.rate_import, actor=jane, at=at, accept_unusual=True, in_force_from=in_force_from, clock=lambda: at)


def prices(version: PlanVersion) -> dict[str, Decimal]:
    """Price per minute by prefix."""
    return dict(version.rates.values_list("prefix", "per_minute"))
