"""Look at a rates file, then apply it: nothing changes before, and never half a deck (reliability 23, 85, 86)."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from billing_portal.accounts.actor import Actor
from billing_portal.accounts.domain import audit
from billing_portal.kernel.errors import require
from rateplans import queries
from rateplans.domain import decks, loading, plans, rates_file, versions
from rateplans.domain.rates_file import Comparison, RatesFile, RowError
from rateplans.models import PlanVersion, RateImport, RatePlan

Mode = RateImport.Mode
KEPT = (RateImport.State.APPLYING, RateImport.State.APPLIED)
KEPT_UNAPPLIED = timedelta(days=7)
FILE_NAME_LENGTH = 200


@dataclass(frozen=True, slots=True)
class Preview:
    """What a file says and what applying it would do. A file with errors has no comparison and cannot be applied.

    `current` is the version in force that it was compared with, None when the plan has no rates; `rate_import` is None where nothing was stored.
    """

    file: RatesFile
    mode: str
    current: PlanVersion | None
    comparison: Comparison | None
    rate_import: RateImport | None = None

    @property
    def sound(self) -> bool:
        return not self.file.errors

    @property
    def row_count(self) -> int:
        return self.file.rows

    @property
    def rate_count(self) -> int:
        return len(self.file.by_prefix)

    @property
    def error_count(self) -> int:
        return len(self.file.errors) + self.file.errors_left_out

    @property
    def errors(self) -> Sequence[RowError]:
        return self.file.errors

    @property
    def unusual_count(self) -> int:
        """How many prices somebody must have looked at."""
        return len(self.comparison.suspicious) if self.comparison else 0

    @property
    def bad_rows(self) -> int:
        """The rows that say something wrong, once each."""
        return len({error.line for error in self.file.errors}) + self.file.errors_left_out

    @property
    def current_number(self) -> int:
        return self.current.number if self.current else 0


def look(plan: RatePlan | None, content: bytes, *, mode: str = Mode.REPLACE, at: datetime) -> Preview:
    """Read a file and compare it with the plan's rates in force; stores and changes nothing. Without a plan everything in it is new."""
    file = rates_file.parse(content)
    current = queries.version_at(plan, at) if plan else None
    return Preview(file, mode, current, None if file.errors else _compare(current, file, mode))


@transaction.atomic
def preview(plan: RatePlan, file_name: str, content: bytes, mode: str, actor: Actor, *, at: datetime) -> Preview:
    """Look at an uploaded file, and keep it for applying when every row of it can be read. Uploads never applied are kept for a week."""
    seen = look(plan, content, mode=mode, at=at)
    if not seen.sound:
        return seen
    forget_unapplied(plan, at=at)
    stored = RateImport.objects.create(
        plan=plan,
        file_name=file_name[:FILE_NAME_LENGTH],
        sha256=hashlib.sha256(content).hexdigest(),
        content=content,
        mode=mode,
        made_by=actor.name,
        created_at=at,
    )
    return Preview(seen.file, mode, seen.current, seen.comparison, stored)


def forget_unapplied(plan: RatePlan, *, at: datetime) -> None:
    """Uploads that were never applied are kept for a week; one that is ordered stays until it is applied or refused."""
    plan.imports.exclude(state__in=KEPT).filter(created_at__lt=at - KEPT_UNAPPLIED).delete()


@transaction.atomic
def apply(
    rate_import: RateImport,
    *,
    actor: Actor,
    at: datetime,
    mode: str | None = None,
    accept_unusual: bool = False,
    looked_at: int | None = None,
    in_force_from: datetime | None = None,
    file: RatesFile | None = None,
    clock: Callable[[], datetime] = timezone.now,
) -> PlanVersion:
    """Make the next version of the plan from a file that was looked at, in one transaction; valid from when its rates are written, by the `clock`.

    The first is valid for all earlier time.
    Dated back to `in_force_from` it holds from then until the next version in time begins: calls of that time that wait can be rated, rated ones
    keep their price until they are rated again. With the mode `add` rates in force then that are not in the file stay. Applied again, or the same file
    by a second operator, it answers with the version made. `looked_at` is the number of the version the person compared with; `file` what was read of the
    upload before, where it is large.
    Raises `bad_rows`, `unusual_prices` unless `accept_unusual`, `plan_changed`, `not_begun`.
    """
    require(in_force_from is None or in_force_from <= at, "not_begun", _("Choose a moment that has begun, or none."), "in_force_from")
    plan = RatePlan.objects.select_for_update(no_key=True).get(pk=rate_import.plan_id)
    plans.check_own(plan)
    rate_import = RateImport.objects.select_related("version").defer("content").get(pk=rate_import.pk)
    how = mode or rate_import.mode
    last = versions.before(plan, in_force_from)
    made = rate_import.version or _made_by_equal_file(rate_import, how, last)
    if made is not None:
        return made
    require(looked_at is None or looked_at == (last.number if last else 0), "plan_changed", _("The rates have changed since. Look at the changes again."))
    file = file or rates_file.parse(bytes(rate_import.content))
    require(not file.errors, "bad_rows", _("The file has rows that cannot be read. Nothing was changed."))
    comparison = _compare(last, file, how)
    require(accept_unusual or not comparison.suspicious, "unusual_prices", _("Tick that you have looked at the unusual prices."), "accept_unusual")
    version = versions.begin_next(plan, made_by=actor.name, at=at, since=in_force_from, file_name=rate_import.file_name)
    version.rate_count = loading.copy_rates(version, file.rates, at=at)
    if how == Mode.ADD and last is not None:
        version.rate_count += loading.carry_over(last, version, at=at)
    if in_force_from is None:
        versions.begin_at_last(version, clock)
    version.save(update_fields=["rate_count", "valid_from"])
    rate_import.mode, rate_import.state, rate_import.version = how, RateImport.State.APPLIED, version
    rate_import.save(update_fields=["mode", "state", "version"])
    changes = _changes(last, version, dated_back=in_force_from is not None)
    moment = at if in_force_from or version.valid_from is None else version.valid_from
    audit.record(actor, "rates.imported", subject=plans.subject(plan), changes=changes, note=rate_import.file_name, at=moment)
    return version


def _made_by_equal_file(rate_import: RateImport, mode: str, last: PlanVersion | None) -> PlanVersion | None:
    """The newest version when it came from the same bytes in the same mode: applying them again would change nothing."""
    if last is None:
        return None
    equal = RateImport.objects.filter(plan_id=rate_import.plan_id, version=last, sha256=rate_import.sha256, mode=mode).exists()
    return last if equal else None


def _compare(current: PlanVersion | None, file: RatesFile, mode: str) -> Comparison:
    return rates_file.compare(decks.rates_of(current) if current else (), file.by_prefix, add=mode == Mode.ADD)


def _changes(last: PlanVersion | None, version: PlanVersion, *, dated_back: bool) -> dict[str, tuple[object, object]]:
    told: dict[str, tuple[object, object]] = {
        "version": (last.number if last else "", version.number),
        "rates": (last.rate_count if last else 0, version.rate_count),
    }
    if dated_back and version.valid_from is not None:
        told["valid_from"] = ("", f"{version.valid_from.astimezone(UTC):%Y-%m-%d %H:%M} UTC")
    return told
