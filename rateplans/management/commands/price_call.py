"""Price one call, with its reason."""

from argparse import ArgumentParser, ArgumentTypeError
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.core.management.base import CommandError
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from billing_portal.kernel import money
from billing_portal.tenancy.commands import ResellerCommand
from billing_portal.tenancy.models import Reseller
from rateplans import queries
from rateplans.domain import quotes
from rateplans.domain.quotes import Quote


class Command(ResellerCommand):
    help = "Say what an answered call to a number costs by a rate plan, and why. Without a rate: exit 1."

    def add_options(self, parser: ArgumentParser) -> None:
        parser.add_argument("--plan", required=True, metavar="NAME", help="the rate plan")
        parser.add_argument("--number", required=True, help="the number called, international")
        parser.add_argument("--seconds", required=True, type=_seconds, help="seconds since the answer")
        parser.add_argument("--at", type=_moment, metavar="TIME", help="moment of answer, ISO 8601; without an offset in the reseller's time zone; default now")
        parser.add_argument("--json", action="store_true", help="answer with JSON")

    def run(self, reseller: Reseller, **options: Any) -> None:
        plan = queries.plan_named(options["plan"])
        if plan is None:
            raise CommandError(f"“{reseller.name}” has no rate plan “{options['plan']}”.")
        at = _aware(options["at"], reseller.time_zone)
        quote = quotes.quote(plan, options["number"], seconds=options["seconds"], at=at)
        if options["json"]:
            self.put_json(_as_json(quote))
            return
        for line in _lines(quote):
            self.stdout.write(line)


def _seconds(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise ArgumentTypeError(f"“{text}” is not a whole number of seconds")
    return int(text)


def _moment(text: str) -> datetime:
    try:
        at = parse_datetime(text) or datetime.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"“{text}” is not a time such as 2026-11-21T12:00:00Z") from None
    return at


def _aware(at: datetime | None, zone: str) -> datetime:
    if at is None:
        return timezone.now()
    return at if timezone.is_aware(at) else at.replace(tzinfo=ZoneInfo(zone))


def _as_json(quote: Quote) -> dict[str, Any]:
    priced = quote.priced
    return {
        "price": money.plain(priced.price),
        "currency": quote.currency,
        "prefix": priced.rate.prefix,
        "destination": priced.rate.destination,
        "billed_seconds": priced.billed_seconds,
        "steps": [{"label": step.label_code, "text": step.text, "value": step.value} for step in priced.steps],
    }


def _lines(quote: Quote) -> list[str]:
    answer = _as_json(quote)
    width = max(len(name) for name in answer)
    facts = [f"{name:<{width}}  {value}" for name, value in answer.items() if name != "steps"]
    return [*facts, "steps", *(f"  {step.text}: {step.value}" for step in quote.priced.steps)]
