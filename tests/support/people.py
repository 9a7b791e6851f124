"""Staff and people for tests, the clients they sign in with, and the mails they get."""

from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.db import connection
from django.test import Client

from billing_portal.accounts.actor import Actor
from billing_portal.accounts.domain import users
from billing_portal.accounts.models import Role, User
from billing_portal.mail.models import MailLog
from tests.support.jobs import run_jobs

PASSWORD = "copper kettle on the hill"
START = datetime(2026, 11, 21, 9, tzinfo=UTC)
system = Actor.program("setup")


def user(
    username: str = "jane", role: Role = Role.ADMINISTRATOR, *, password: str | None = PASSWORD, email: str | None = None, name: str | None = None
) -> User:
    """Somebody who can sign in, with a password unless it is None."""
    address = f"{username}@example.com" if email is None else email
    made = users.create(username, name or username.title(), address, role, actor=system, at=START)
    if password is not None:
        made.set_password(password)
        made.save(update_fields=["password"])
    return made


def client(of: User | None = None, *, host: str | None = None, **given: Any) -> Client:
    """A browser at this reseller's host, signed in as somebody if given."""
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # where a server finds its collected files; tests find them at their sources
    made = Client(headers={"host": host or host_here()}, **given)
    if of is not None:
        made.force_login(of)
    return made


def host_here() -> str:
    schema = connection.schema_name
    return "localhost" if schema == "owner" else f"{schema}.localhost"


def mails(kind: str | None = None) -> list[MailLog]:
    """What was written so far, oldest first; owed jobs are done first."""
    run_jobs()
    found = MailLog.objects.order_by("created_at", "pk")
    return list(found.filter(kind=kind) if kind else found)
