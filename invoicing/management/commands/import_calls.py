"""Take in calls from a file."""

import json
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from billing_portal.accounts.actor import Actor
from billing_portal.accounts.domain import switches
from billing_portal.accounts.models import Switch
from billing_portal.kernel.errors import DomainError
from billing_portal.tenancy.commands import ResellerCommand
from billing_portal.tenancy.models import Reseller
from invoicing.domain import call_files, formats, records
from invoicing.domain.answers import Answer
from invoicing.domain.formats import Read

DEFAULT_SWITCH = "default"
MOST_LINES = 50


class Command(ResellerCommand):
    help = "Take in calls from a file: csv, json, asterisk or freeswitch. Repeated records change nothing; what has no price or customer waits."

    def add_options(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="the file of calls")
        parser.add_argument("--switch", default=DEFAULT_SWITCH, metavar="NAME", help="the switch the calls come from")
        parser.add_argument("--format", choices=formats.FORMATS, help="the file's format; without it, what the file looks like")
        parser.add_argument("--time-zone", metavar="ZONE", help="the switch's time zone, for times without an offset; the reseller's by default")
        parser.add_argument("--json", action="store_true", help="print what the interface answers")

    def run(self, reseller: Reseller, **options: Any) -> None:
        path: Path = options["file"]
        if not path.is_file():
            raise CommandError(f"There is no file {path}.")
        try:
            told = self._take(path, reseller, options)
            refused = self._print_json(told) if options["json"] else self._print_summary(told)
        except DomainError as problem:
            raise CommandError(f"{path.name}: {problem.message}") from problem
        if refused:
            raise CommandError(f"{path.name}: {refused} {'row' if refused == 1 else 'rows'} could not be read and nothing was kept of them.")

    def _take(self, path: Path, reseller: Reseller, options: dict[str, Any]) -> Iterator[tuple[Read, Answer | None]]:
        return call_files.take(
            path,
            format_=options["format"] or formats.guess(path),
            zone=options["time_zone"] or reseller.time_zone,
            switch=_switch(options["switch"], reseller),
            actor=Actor.program("import_calls", via="command"),
            at=timezone.now(),
        )

    def _print_json(self, told: Iterator[tuple[Read, Answer | None]]) -> int:
        """One JSON value, written while it grows, and whole also when the file breaks in the middle."""
        refused: list[dict[str, Any]] = []
        notes: list[dict[str, Any]] = []
        between = ""
        self.stdout.write('{"records": [', ending="")
        try:
            for row, answer in told:
                if answer is None:
                    refused.append({"line": row.line, "error": row.error})
                    continue
                notes.extend({"line": row.line, "note": note} for note in row.notes)
                self.stdout.write(between + json.dumps(asdict(answer), ensure_ascii=False), ending="")
                between = ", "
        except DomainError as problem:
            refused.append({"line": None, "error": problem.message})
            raise
        finally:
            ends = {name: found for name, found in (("errors", refused), ("notes", notes)) if found}
            self.stdout.write("".join(["]", *(f', "{name}": {json.dumps(found, ensure_ascii=False)}' for name, found in ends.items()), "}"]))
        return len(refused)

    def _print_summary(self, told: Iterator[tuple[Read, Answer | None]]) -> int:
        statuses: Counter[str] = Counter()
        reasons: Counter[str] = Counter()
        lines: list[str] = []
        unsaid = 0
        for row, answer in told:
            statuses[answer.status if answer else "refused"] += 1
            if answer and answer.status == "queued" and answer.reason:
                reasons[answer.reason] += 1
            for text in _remarks(row, answer):
                unsaid += len(lines) >= MOST_LINES
                lines += [f"line {row.line}: {text}"] * (len(lines) < MOST_LINES)
        for line in lines:
            self.stdout.write(line)
        if unsaid:
            self.stdout.write(f"… and {unsaid} more such lines")
        self.stdout.write(f"{sum(statuses.values())} records: {_counts(statuses) or 'nothing'}")
        if reasons:
            self.stdout.write(f"waiting: {_counts(reasons)}")
        return statuses["refused"]


def _switch(name: str, reseller: Reseller) -> Switch:
    found = switches.own().filter(name__iexact=name).first()
    if found is None and name == DEFAULT_SWITCH:
        return switches.ensure_default()
    if found is None:
        raise CommandError(f"“{reseller.name}” has no switch “{name}”.")
    return found


def _remarks(row: Read, answer: Answer | None) -> Iterator[str]:
    """What a person should know of this row: why it was refused or is a bad record, and what was decided about its times."""
    if answer is None or row.record is None:
        yield f"refused: {row.error}"
        return
    if answer.status == "queued" and answer.reason == "bad_record":
        yield f"bad record: {records.problem_of(row.record, records.latest(timezone.now()))}"
    yield from row.notes


def _counts(counts: Counter[str]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.most_common() if count)
