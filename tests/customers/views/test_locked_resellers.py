"""A reseller whose sign-in its parent locks: its host is shut to everybody of it, the parent's staff and the switches go on (semantics 22, 29, 30)."""

import re
from threading import Thread
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone
from django_tenants.utils import schema_context, tenant_context

from billing_portal.accounts.actor import Actor
from billing_portal.accounts.domain import emails, links, sessions, users
from billing_portal.accounts.models import ParentSession, Role, User
from billing_portal.jobs.models import Job
from billing_portal.mail.models import MailLog
from billing_portal.tenancy.models import Reseller
from customers.domain import locks
from customers.models import Customer, Lock, Person
from invoicing.domain import ledger_check
from tests.support import walks, world
from tests.support.jobs import run_jobs
from tests.support.people import PASSWORD, client, user
from tests.support.walks import Walk, walk_of
from tests.support.world import jane

pytestmark = pytest.mark.django_db
SHUT = "Nobody can sign in here right now"


@pytest.fixture
def walk(owner: Any) -> Walk:
    """Globex below Acme below the owner, where Orla is an administrator."""
    walks.plant()
    with schema_context("owner"):
        orla = user("orla", name="Orla Byrne")
    return walk_of("owner", orla)


def row_of(parent: str, child: str) -> Customer:
    with schema_context(parent):
        return Customer.objects.get(reseller_schema=child)


def lock(parent: str, child: str, *, lifted: bool = False, scope: str = Lock.Scope.WEB) -> None:
    row = row_of(parent, child)
    with schema_context(parent):
        verb = locks.lift if lifted else locks.set
        verb(row, Lock.Reason.ADMIN, scope, actor=jane, at=timezone.now())


def at(schema: str, browser: Client, path: str = "/customers/", **given: Any) -> Any:
    with tenant_context(Reseller.objects.get(schema_name=schema)):
        return browser.get(path, headers={"host": walks.HOSTS[schema]}, **given)


def post(schema: str, browser: Client, path: str, **given: Any) -> Any:
    with tenant_context(Reseller.objects.get(schema_name=schema)):
        return browser.post(path, given, headers={"host": walks.HOSTS[schema]})


def staff_of(schema: str) -> Client:
    with schema_context(schema):
        return client(user(f"carol-{schema}"))


def client_of(schema: str, name: str) -> Client:
    with tenant_context(Reseller.objects.get(schema_name=schema)):
        return client(User.objects.get(username=name))


def test_its_staff_and_its_customers_people_are_out_at_the_next_request(walk: Walk) -> None:
    carol = staff_of("acme")
    with schema_context("acme"):
        person = user("anna", Role.ACCOUNT_ADMIN)
        Person.objects.create(user=person, customer=world.customer("Anna Ltd"))
        anna = client(person)
    assert (at("acme", carol).status_code, at("acme", anna, "/my/people/").status_code) == (200, 200)

    lock("owner", "acme")

    for browser, path in ((carol, "/customers/"), (anna, "/my/people/"), (carol, "/sign-in/"), (Client(), "/")):
        answer = at("acme", browser, path)
        assert (answer.status_code, SHUT in answer.content.decode()) == (403, True)
    lock("owner", "acme", lifted=True)
    assert at("acme", carol).url.startswith("/sign-in/")


@pytest.mark.rel(78)
def test_who_asks_for_nothing_while_it_is_locked_is_out_all_the_same(walk: Walk) -> None:
    carol, orla = staff_of("acme"), walk
    orla.go("owner", "acme")
    with schema_context("acme"):
        cora = user("cora")
    away = walk_of("acme", cora)
    away.go("acme", "globex")

    lock("owner", "acme")
    lock("owner", "acme", lifted=True)
    late = client_of("acme", "carol-acme")
    with tenant_context(Reseller.objects.get(schema_name="acme")):
        run_jobs(sessions.SHUT_ALL)

    assert at("acme", carol).url.startswith("/sign-in/")
    assert not away.viewer("globex").signed_in
    assert (at("acme", late).status_code, orla.viewer("acme").signed_in) == (200, True)


@pytest.mark.rel(78)
def test_what_is_begun_after_it_is_unlocked_outlives_the_worker_that_comes_late(walk: Walk) -> None:
    """Links to a password that were copied, and to a new email: what was asked for before the lock is over."""
    acme = Reseller.objects.get(schema_name="acme")
    with tenant_context(acme):
        carol, cora = user("carol"), user("cora")
        stayed, put_out, dan = client(carol), client(cora), user("dan")
        early = [copied_by(carol, "ann"), *asked_by(carol, cora, dan)]  # Dan has signed out by now
    lock("owner", "acme")
    assert at("acme", put_out).status_code == 403
    lock("owner", "acme", lifted=True)
    with tenant_context(acme):
        dora = user("dora")
        client(dora)
        late = [copied_by(carol, "ben"), *asked_by(dora)]

        run_jobs(sessions.SHUT_ALL)

        assert ([is_open(link) for link in early], [is_open(link) for link in late]) == ([False] * 4, [True] * 2)
    assert at("acme", stayed).url.startswith("/sign-in/")


@pytest.mark.django_db(transaction=True)
def test_nobody_waits_at_the_shut_door_for_the_worker_that_ends_all_sessions(acme: Any) -> None:
    """It holds the rows of all users until it is done; who asks meanwhile is out, and told so at once."""
    carol, answers = client(user("carol")), list[int]()
    Reseller.objects.filter(pk=acme.pk).update(web_locked=True)

    def ask() -> None:
        answers.append(at("acme", carol).status_code)
        connection.close()

    with transaction.atomic():
        User.objects.select_for_update().get(username="carol")
        thread = Thread(target=ask)
        thread.start()
        thread.join(timeout=20)
    Reseller.objects.filter(pk=acme.pk).update(web_locked=False)

    assert answers == [403]


def copied_by(carol: User, name: str) -> str:
    return users.copy_link(user(name), actor=Actor.of(carol), at=timezone.now())


def asked_by(*people: User) -> list[str]:
    """Links to a new email of these people, as they are mailed."""
    for person in people:
        emails.ask(person, f"{person.username}@new.example", address="", at=timezone.now())
    texts = [MailLog.objects.get(kind="email_confirm", about_id=person.pk).text for person in people]
    return [re.search(r"/email/[^/\s]+/", text)[0] for text in texts]  # type: ignore[index]


def is_open(link: str) -> bool:
    token = link.rstrip("/").rpartition("/")[2]
    return (emails.wanted(token) if "/email/" in link else links.find(token, at=timezone.now())) is not None


@pytest.mark.rel(78)
def test_lifting_a_lock_of_before_sessions_were_ended_with_it_ends_them_once(walk: Walk) -> None:
    carol = staff_of("acme")
    lock("owner", "acme")
    with schema_context("acme"):
        Job.objects.filter(kind=sessions.SHUT_ALL).delete()  # the former release owed none

    lock("owner", "acme", lifted=True)
    with tenant_context(Reseller.objects.get(schema_name="acme")):
        assert run_jobs(sessions.SHUT_ALL) == [sessions.SHUT_ALL]
    assert at("acme", carol).url.startswith("/sign-in/")


@pytest.mark.rel(78)
def test_a_lock_that_is_lifted_ends_sessions_once(walk: Walk) -> None:
    lock("owner", "acme")
    lock("owner", "acme", lifted=True)

    with tenant_context(Reseller.objects.get(schema_name="acme")):
        assert run_jobs(sessions.SHUT_ALL) == [sessions.SHUT_ALL]


def test_the_page_names_the_resellers_own_contact_and_not_the_parents(walk: Walk) -> None:
    Reseller.objects.filter(schema_name="acme").update(support_email="help@acme.example", support_phone="+44 20 7946 0000")
    Reseller.objects.filter(schema_name="owner").update(support_email="help@portal.example")
    lock("owner", "acme")

    page = at("acme", Client(), "/").content.decode()

    assert "help@acme.example" in page
    assert "+44 20 7946 0000" in page
    assert "portal.example" not in page


def test_nobody_can_sign_in_until_it_is_lifted(walk: Walk) -> None:
    with schema_context("acme"):
        carol = user("carol")
        carol.set_password(PASSWORD)
        carol.save()
    lock("owner", "acme")
    given = {"login": "carol", "password": PASSWORD}

    with tenant_context(Reseller.objects.get(schema_name="acme")):
        browser = Client(headers={"host": walks.HOSTS["acme"]})
        assert browser.post("/sign-in/", given).status_code == 403
        lock("owner", "acme", lifted=True)
    with tenant_context(Reseller.objects.get(schema_name="acme")):
        assert browser.post("/sign-in/", given).status_code == 302


def test_a_part_of_a_page_sends_the_browser_to_the_page(walk: Walk) -> None:
    carol = staff_of("acme")
    lock("owner", "acme")
    answer = carol.get("/customers/", headers={"host": walks.HOSTS["acme"], "HX-Request": "true"})
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, "/")


def test_the_parents_staff_switch_in_and_stay_in(walk: Walk) -> None:
    walk.go("owner", "acme")
    lock("owner", "acme")
    assert walk.viewer("acme").signed_in
    walk.post("acme", "/customers/return/")

    walk.go("owner", "acme")

    with schema_context("acme"):
        assert walk.windows["acme"].get("/customers/").status_code == 200


def test_its_own_staff_are_out_in_the_resellers_below_too(owner: Any) -> None:
    walks.plant()
    with schema_context("acme"):
        carol = user("carol")
    walk = walk_of("acme", carol)
    walk.go("acme", "globex")

    lock("owner", "acme")

    assert not walk.viewer("globex").signed_in
    with schema_context("globex"):
        assert ParentSession.objects.get().ended_at is not None


def test_resellers_below_it_keep_their_host(walk: Walk) -> None:
    carol = staff_of("globex")
    lock("owner", "acme")
    assert at("globex", carol).status_code == 200


def test_locked_calls_lock_no_sign_in(walk: Walk) -> None:
    carol = staff_of("acme")
    lock("owner", "acme", scope=Lock.Scope.CALLS)
    assert at("acme", carol).status_code == 200


@pytest.mark.parametrize("status", ["inactive", "closed"])
def test_an_inactive_reseller_keeps_its_sign_ins_as_a_company_does(walk: Walk, status: str) -> None:
    carol = staff_of("acme")
    with schema_context("owner"):
        Customer.objects.filter(reseller_schema="acme").update(status=status)
    assert at("acme", carol).status_code == 200


def test_the_check_of_the_ledger_compares_the_lock_with_what_the_host_reads(walk: Walk) -> None:
    lock("owner", "acme")
    Reseller.objects.filter(schema_name="acme").update(web_locked=False)

    with tenant_context(Reseller.objects.get(schema_name="owner")):
        found = [each.place for each in ledger_check.check().differences]

    assert found == ["sign-in of the reseller locked"]


@pytest.mark.parametrize("role", [Role.SUPPORT, Role.COMMERCE])
def test_who_has_no_right_to_resellers_locks_its_calls_and_neither_shuts_nor_opens_its_host(walk: Walk, role: Role) -> None:
    number = row_of("owner", "acme").account_number
    with schema_context("owner"):
        sam = client(user("sam", role))

    page = at("owner", sam, f"/customers/{number}/lock/")
    assert [value for value, _label in page.context["form"].fields["scopes"].choices] == ["calls"]
    assert "is locked and unlocked by an administrator" in page.content.decode()
    for scopes, answer in ((["web"], 422), (["calls", "web"], 422), (["calls"], 302)):
        assert post("owner", sam, f"/customers/{number}/lock/", scopes=scopes).status_code == answer
        assert not Reseller.objects.get(schema_name="acme").web_locked
    lock("owner", "acme")
    post("owner", sam, f"/customers/{number}/unlock/")

    assert not at("owner", sam, f"/customers/{number}/lock/").context["may_unlock"]
    with schema_context("owner"):
        assert list(Lock.objects.filter(lifted_at=None).values_list("scope", flat=True)) == ["web"]
    assert Reseller.objects.get(schema_name="acme").web_locked


def test_an_administrator_shuts_and_opens_its_host(walk: Walk) -> None:
    number = row_of("owner", "acme").account_number
    orla = walk.windows["owner"]

    assert post("owner", orla, f"/customers/{number}/lock/", scopes=["calls", "web"]).status_code == 302
    assert Reseller.objects.get(schema_name="acme").web_locked
    assert at("owner", orla, f"/customers/{number}/lock/").context["may_unlock"]
    post("owner", orla, f"/customers/{number}/unlock/")
    assert not Reseller.objects.get(schema_name="acme").web_locked
