"""Once a day what is over is forgotten, of every reseller."""

from datetime import timedelta
from typing import Any

from django.contrib.sessions.models import Session
from django.db import connection
from django.utils import timezone

from billing_portal.accounts import tasks
from billing_portal.accounts.domain import tries
from billing_portal.accounts.models import OpenSession, SignInTry
from tests.support.people import client, user


def test_tries_of_yesterday_and_expired_sessions_go_and_the_others_stay(acme: Any, globex: Any) -> None:
    now = timezone.now()
    for reseller in (acme, globex):
        connection.set_tenant(reseller)
        jane = user("jane")
        client(jane)
        Session.objects.update(expire_date=now - timedelta(seconds=1))
        OpenSession.objects.update(seen_at=now - timedelta(days=1))
        client(jane)
        for age in (timedelta(hours=25), timedelta(hours=1)):
            tries.begin(tries.Kind.PASSWORD, whom="x", address="", at=now - age)
    connection.set_schema_to_public()
    tasks.tidy()

    for reseller in (acme, globex):
        connection.set_tenant(reseller)
        assert (SignInTry.objects.count(), Session.objects.count(), OpenSession.objects.count()) == (1, 1, 1)
