"""What was opened from a session at home is over with it, however that ended and whatever it knew of it then (semantics 33, reliability 69)."""

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.db import SessionStore
from django.test import RequestFactory
from django.utils import timezone
from django_tenants.utils import schema_context, tenant_context

from billing_portal.accounts.domain import sessions, tickets
from billing_portal.accounts.models import OpenSession, ParentSession, SwitchTicket
from billing_portal.tenancy.models import Reseller
from customers.domain import locks
from customers.models import Customer, Lock
from tests.support import walks
from tests.support.jobs import run_jobs
from tests.support.people import client, system, user
from tests.support.walks import Walk, walk_of


@pytest.fixture
def siblings(owner: Any) -> Walk:
    """Acme and Globex side by side below the owner, where Orla is an administrator; she is switched into both."""
    walks.below("owner", "Acme")
    walks.below("owner", "Globex")
    with schema_context("owner"):
        orla = user("orla", name="Orla Byrne")
    return switched_into_both(walk_of("owner", orla))


def switched_into_both(walk: Walk) -> Walk:
    walk.go("owner", "acme")
    walk.go("owner", "globex")
    return walk


@pytest.fixture
def carol(owner: Any) -> Walk:
    """Carol, administrator of Acme, which Globex is below; she is switched into Globex."""
    walks.plant()
    with schema_context("acme"):
        carol = user("carol")
    walk = walk_of("acme", carol)
    walk.go("acme", "globex")
    return walk


def signed_in(walk: Walk, *levels: str) -> list[bool]:
    return [walk.viewer(level).signed_in for level in levels]


@pytest.mark.rel(69)
@pytest.mark.parametrize("first", ["owner", "acme"])
def test_signing_out_in_one_of_two_resellers_side_by_side_ends_the_other_too(siblings: Walk, first: str) -> None:
    other = switched_into_both(walk_of("owner", siblings.who))

    siblings.post("globex", "/sign-out/")

    assert signed_in(siblings, first, "owner", "acme", "globex") == [False] * 4
    assert signed_in(other, "owner", "acme", "globex") == [True] * 3, "another browser of hers"


@pytest.mark.rel(69)
def test_returning_from_one_of_two_resellers_side_by_side_leaves_the_other_open(siblings: Walk) -> None:
    siblings.post("globex", "/customers/return/")

    assert signed_in(siblings, "owner", "acme", "globex") == [True, True, False]


@pytest.mark.rel(69)
def test_who_was_put_out_by_a_lock_is_out_further_below_though_it_was_lifted_and_no_worker_came(carol: Walk) -> None:
    with schema_context("owner"):
        acme, now = Customer.objects.get(reseller_schema="acme"), timezone.now()
        locks.set(acme, Lock.Reason.ADMIN, Lock.Scope.WEB, actor=system, at=now)
        assert not carol.viewer("acme").signed_in
        locks.lift(acme, Lock.Reason.ADMIN, Lock.Scope.WEB, actor=system, at=now)
    with tenant_context(Reseller.objects.get(schema_name="acme")):
        run_jobs(sessions.SHUT_ALL)

    assert signed_in(carol, "globex") == [False]


@pytest.mark.rel(69)
def test_sessions_that_are_ended_while_one_of_them_takes_a_new_key_end_below_too(siblings: Walk) -> None:
    """The store has the former key no more, and nothing under the new one until the answer is written."""
    with schema_context("owner"):
        moving = SessionStore(siblings.windows["owner"].session.session_key)
        moving.cycle_key()
        sessions.end_all(siblings.who, actor=system, at=timezone.now())
        moving.save()

    assert signed_in(siblings, "acme", "globex") == [False, False]


@pytest.mark.rel(69)
def test_a_ticket_that_is_spent_as_its_holder_signs_out_opens_nothing(siblings: Walk) -> None:
    now, token = timezone.now(), siblings.ticket("owner", "acme")
    with schema_context("acme"):
        ticket = tickets.spend(token, from_host="localhost", at=now)
    siblings.post("owner", "/sign-out/")

    request = RequestFactory().get("/")
    request.session, request.user = SessionStore(), AnonymousUser()
    with schema_context("acme"):
        tickets.begin(request, ticket, at=now)
        assert tickets.present(request.session, at=now) is None


@pytest.mark.rel(69)
def test_one_of_our_own_in_whose_browser_somebody_of_the_parent_arrives_is_signed_out_below_too(carol: Walk) -> None:
    with schema_context("owner"):
        carol.windows["owner"] = client(user("orla"))

    carol.go("owner", "acme")

    assert (carol.viewer("acme").home, signed_in(carol, "globex")) == ("Portal", [False])
    with schema_context("acme"):
        assert not OpenSession.objects.filter(user=carol.who).exists()
    with schema_context("globex"):
        assert ParentSession.objects.get().signed_out


@pytest.mark.rel(69)
def test_a_session_of_before_ways_were_known_by_their_beginning_stays_open(siblings: Walk) -> None:
    with schema_context("acme"):
        SwitchTicket.objects.update(home_session=None)

    assert signed_in(siblings, "acme") == [True]
    siblings.post("owner", "/sign-out/")
    assert signed_in(siblings, "acme") == [False]
