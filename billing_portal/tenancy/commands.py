"""The base of the portal's commands: `--reseller`, one clear line on failure, exit codes 0 / 1 / 2 (contracts.md, Commands)."""

import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO

from django.core.management.base import BaseCommand, CommandError, OutputWrapper
from django.db import OperationalError
from django_tenants.utils import schema_context, tenant_context

from billing_portal.kernel.errors import DomainError
from billing_portal.tenancy import database
from billing_portal.tenancy.models import Reseller

PUBLIC = "public"


class _Plain(OutputWrapper):
    """Errors without the name of their class: people read them."""

    def write(self, msg: str = "", style_func: Any = None, ending: str | None = None) -> None:  # type: ignore[override]  # as Django's own
        super().write(msg.removeprefix("CommandError: "), style_func, ending)


class PortalCommand(BaseCommand):
    """A command that fails with one clear line and exit 1; a wrong call exits 2 with its usage."""

    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def __init__(self, stdout: TextIO | None = None, stderr: TextIO | None = None, no_color: bool = False, force_color: bool = False) -> None:
        super().__init__(stdout, stderr, no_color, force_color)
        if stderr is None:
            plain = _Plain(sys.stderr)
            plain.style_func = self.style.ERROR
            self.stderr = plain

    def execute(self, *args: Any, **options: Any) -> str | None:
        try:
            return super().execute(*args, **options)
        except DomainError as refused:
            raise CommandError(refused.message) from refused
        except OperationalError as unreachable:
            if database.is_busy(unreachable):
                raise CommandError("Somebody else is changing the same just now. Run it again; what it has done already it does not do twice.") from unreachable
            first = (str(unreachable).splitlines() or ["no answer"])[0]
            raise CommandError(f"The database does not answer: {first}") from unreachable

    def put_json(self, value: Any) -> None:
        """Write one JSON value; amounts are given as plain decimals in strings."""
        self.stdout.write(json.dumps(value, ensure_ascii=False))


class ResellerCommand(PortalCommand):
    """A command for one reseller. Subclasses write `add_options` and `run`; `run` stands in the reseller's schema."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--reseller", required=True, metavar="NAME", help="the reseller, by its name or its short name")
        self.add_options(parser)

    def add_options(self, parser: ArgumentParser) -> None:
        """The command's own arguments."""

    def handle(self, *args: Any, **options: Any) -> str | None:
        with inside(str(options.pop("reseller"))) as reseller:
            return self.run(reseller, **options)

    def run(self, reseller: Reseller, **options: Any) -> str | None:
        """The work, in the reseller's schema."""
        raise TypeError(f"{type(self).__module__} has no `run`")


@contextmanager
def inside(name: str) -> Iterator[Reseller]:
    """Stand in the schema of the reseller of this name. Raises CommandError when there is none."""
    reseller = find(name)
    with tenant_context(reseller):
        yield reseller


def find(name: str) -> Reseller:
    """The reseller of this name (any case) or short name. Raises CommandError when there is none, or it is not ready yet."""
    with schema_context(PUBLIC):
        found = Reseller.objects.filter(schema_name=name).first()
        named = [found] if found else list(Reseller.objects.filter(name__iexact=name)[:2])
    if not named:
        raise CommandError(f"There is no reseller “{name}”.")
    if len(named) > 1:
        raise CommandError(f"Several resellers are called “{name}”: give the short name.")
    if named[0].state != Reseller.State.READY:
        raise CommandError(f"The reseller “{name}” is still being made.")
    return named[0]
