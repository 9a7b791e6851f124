"""Emails by which somebody came in before it was asked are proved ones."""

import importlib
from datetime import datetime
from typing import Any

from django.apps import apps
from django.db import connection

from billing_portal.accounts.domain import links
from billing_portal.accounts.models import LoginLink, User
from tests.support.people import user

migration: Any = importlib.import_module("billing_portal.accounts.migrations.0007_emails_are_proved")


def test_who_signed_in_or_followed_a_link_has_proved_their_email_and_others_have_not(acme: Any, noon: datetime) -> None:
    seen, linked, waiting, without = user("seen"), user("linked"), user("waiting"), user("without", email="")
    User.objects.filter(pk__in=[seen.pk, without.pk]).update(last_login=noon)
    links.set_password(links.make(linked, LoginLink.Purpose.WELCOME, at=noon), "a much longer secret 77", at=noon)
    links.make(waiting, LoginLink.Purpose.WELCOME, at=noon)

    with connection.schema_editor() as editor:
        migration.those_who_came_in(apps, editor)

    assert set(User.objects.filter(email_proved=True)) == {seen, linked}
