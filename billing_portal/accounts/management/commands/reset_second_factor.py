"""Let somebody in again who lost their second factor and has nobody to reset it: the only administrator."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from billing_portal.accounts import queries
from billing_portal.accounts.actor import Actor
from billing_portal.accounts.domain import second_factors
from billing_portal.tenancy.commands import ResellerCommand
from billing_portal.tenancy.models import Reseller


class Command(ResellerCommand):
    help = "Take away somebody's authenticator app, passkeys and recovery codes, end their sessions, and tell them by mail. Written into the audit trail."

    def add_options(self, parser: ArgumentParser) -> None:
        parser.add_argument("--user", required=True, metavar="NAME", help="username, account number or email")

    def run(self, reseller: Reseller, **options: Any) -> None:
        user = queries.named(options["user"])
        if user is None:
            raise CommandError(f"Nobody at {reseller.name} signs in as “{options['user']}”.")
        second_factors.reset(user, actor=Actor.program("reset_second_factor", via="command"), at=timezone.now())
        self.stdout.write(f"The second factor of {user} ({user.username}) is reset, and their sessions have ended.")
