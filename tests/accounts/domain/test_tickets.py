"""A ticket is spent once, whoever comes at the same moment (reliability 67)."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection
from django_tenants.utils import tenant_context

from billing_portal.accounts.actor import Actor
from billing_portal.accounts.domain import tickets
from billing_portal.accounts.models import ParentSession, Role, SwitchTicket
from billing_portal.kernel.errors import DomainError
from billing_portal.tenancy.models import Reseller
from tests.support.people import user

AT_ONCE = 50


@pytest.mark.rel(67)
@pytest.mark.django_db(transaction=True)
def test_fifty_at_once_spend_a_ticket_once(owner: Any, noon: datetime) -> None:
    acme = Reseller.objects.get(schema_name="acme")
    token = tickets.issue(acme, SessionStore(), actor=Actor.of(user("orla")), role=Role.ADMINISTRATOR, at=noon)
    ready = Barrier(AT_ONCE)

    def spend(_number: int) -> str:
        ready.wait()
        try:
            with tenant_context(acme):
                tickets.spend(token, from_host="localhost", at=noon)
        except DomainError as refusal:
            return refusal.code
        finally:
            connection.close()
        return "spent"

    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = Counter(pool.map(spend, range(AT_ONCE)))

    assert answers == {"spent": 1, "ticket_refused": AT_ONCE - 1}
    with tenant_context(acme):
        assert SwitchTicket.objects.get().used_at == noon


def test_tickets_that_nobody_spent_push_no_open_session_out(owner: Any, noon: datetime) -> None:
    """Signing out ends every session below, however many hand-overs were begun since."""
    acme, session, orla = Reseller.objects.get(schema_name="acme"), SessionStore(), Actor.of(user("orla"))

    def issue(at: datetime, count: int = 1) -> list[str]:
        with tenant_context(Reseller.objects.get(schema_name="owner")):
            return [tickets.issue(acme, session, actor=orla, role=Role.ADMINISTRATOR, at=at) for _number in range(count)]

    [token] = issue(noon)
    with tenant_context(acme):
        opened = ParentSession.objects.create(ticket=tickets.spend(token, from_host="localhost", at=noon), session_key="k", began_at=noon, seen_at=noon)
    for number in range(1, 100):
        issue(noon + timedelta(seconds=2 * number))
    with pytest.raises(DomainError, match="too_many_below"):
        issue(noon + timedelta(seconds=300), count=50)

    tickets.sign_out(session, at=noon + timedelta(seconds=301))

    with tenant_context(acme):
        opened.refresh_from_db()
        assert opened.signed_out


def test_a_ticket_leads_only_into_a_reseller_below(acme: Any, noon: datetime) -> None:
    globex = Reseller.objects.get(schema_name="globex")

    with pytest.raises(DomainError, match="not_below"):
        tickets.issue(globex, SessionStore(), actor=Actor.of(user("jane")), role=Role.ADMINISTRATOR, at=noon)


def test_a_program_gets_no_ticket(owner: Any, noon: datetime) -> None:
    acme = Reseller.objects.get(schema_name="acme")

    with pytest.raises(DomainError, match="not_below"):
        tickets.issue(acme, SessionStore(), actor=Actor.program("robot"), role=Role.ADMINISTRATOR, at=noon)
