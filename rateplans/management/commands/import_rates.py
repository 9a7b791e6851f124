"""Load a rates file into a plan of a reseller."""

from argparse import ArgumentParser
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError
from django.db import transaction
from django.utils import timezone

from billing_portal.accounts.actor import Actor
from billing_portal.tenancy.commands import ResellerCommand
from billing_portal.tenancy.models import Reseller
from rateplans import queries
from rateplans.domain import imports, plans, rates_text
from rateplans.domain.imports import Mode, Preview
from rateplans.forms.plans import MomentField
from rateplans.models import PlanVersion

COUNTS = ("new", "removed", "kept", "dearer", "cheaper", "altered", "unchanged")


class Command(ResellerCommand):
    help = (
        "Load a rates file as a new version of a rate plan, valid from now or from a moment before; the plan is made when there is none of that name."
        " A bad row: nothing changes."
    )

    def add_options(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE", type=Path, help="CSV with the columns prefix, destination, per minute, and any of the optional ones")
        parser.add_argument("--plan", required=True, metavar="NAME", help="the rate plan")
        parser.add_argument("--add", action="store_true", help="keep the rates that are not in the file, instead of replacing all")
        parser.add_argument(
            "--in-force-from",
            metavar="TIME",
            help="a moment before now, such as 2026-10-03T09:00 in the reseller's time zone: for calls that wait",
        )
        parser.add_argument("--dry-run", action="store_true", help="say what would change, and change nothing")
        parser.add_argument("--json", action="store_true", help="answer with JSON")

    def run(self, reseller: Reseller, **options: Any) -> None:
        content = _content(options["file"])
        mode = Mode.ADD if options["add"] else Mode.REPLACE
        actor, at, since = Actor.program("import_rates", via="command"), timezone.now(), _moment(options["in_force_from"], reseller)
        with transaction.atomic():
            plan, version = queries.plan_named(options["plan"]), None
            if options["dry_run"]:
                seen = imports.look(plan, content, mode=mode, at=since or at)
            else:
                plan = plan or plans.create(name=options["plan"], currency=reseller.currency, actor=actor, at=at)
                seen = imports.preview(plan, options["file"].name, content, mode, actor, at=at)
            if seen.rate_import is None:
                transaction.set_rollback(True)
            else:
                version = imports.apply(seen.rate_import, actor=actor, at=at, accept_unusual=True, in_force_from=since)
        self._answer(options, seen, version)

    def _answer(self, options: dict[str, Any], seen: Preview, version: PlanVersion | None) -> None:
        if options["json"]:
            self.put_json(_as_json(options["plan"], seen, version))
        if not seen.sound:
            self._refuse(seen)
        if not options["json"]:
            for line in _sentences(options["plan"], seen, version):
                self.stdout.write(line)
        for change in seen.comparison.suspicious if seen.comparison else ():
            old = "" if change.old is None else f", {change.old:f} before"
            self.stderr.write(f"Look at {change.prefix} {change.destination}: {change.new:f} a minute{old}.", ending="\n")

    def _refuse(self, seen: Preview) -> None:
        for error in seen.file.errors:
            where = f"line {error.line}" if error.line else "file"
            column = f", {error.column}" if error.column else ""
            value = f" “{error.value}”" if error.value else ""
            self.stderr.write(f"{where}{column}{value}: {error.reason}")
        count = len(seen.file.errors) + seen.file.errors_left_out
        raise CommandError(f"{count:,} {'error' if count == 1 else 'errors'} in the file; nothing was changed.")


def _moment(text: str | None, reseller: Reseller) -> datetime | None:
    field = MomentField(required=False)
    field.zone = reseller.time_zone
    try:
        return field.clean(text)
    except ValidationError as problem:
        raise CommandError(f"“{text}” is no moment such as 2026-10-03T09:00.") from problem


def _content(path: Path) -> bytes:
    """The file, or as much of it as tells that it is too large."""
    try:
        with path.open("rb") as file:
            return file.read(rates_text.MAX_BYTES + 1)
    except OSError as problem:
        raise CommandError(f"{path} cannot be read: {problem.strerror or problem}.") from problem


def _as_json(plan: str, seen: Preview, version: PlanVersion | None) -> dict[str, Any]:
    counts = {name: getattr(seen.comparison, name) for name in COUNTS} if seen.comparison else {}
    return {
        "plan": plan,
        "version": version.number if version else None,
        "rates": version.rate_count if version else seen.rate_count,
        **counts,
        "errors": [asdict(error) for error in seen.file.errors],
        "errors_left_out": seen.file.errors_left_out,
    }


def _sentences(plan: str, seen: Preview, version: PlanVersion | None) -> list[str]:
    told = ", ".join(f"{getattr(seen.comparison, name):,} {name}" for name in COUNTS if getattr(seen.comparison, name))
    if version is None:
        return [f"“{plan}” would get {seen.rate_count:,} rates: {told}. Nothing was changed."]
    return [f"“{plan}” version {version.number}: {version.rate_count:,} rates ({told})."]
