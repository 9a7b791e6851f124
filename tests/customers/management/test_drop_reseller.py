"""A dropped reseller leaves nothing behind but what its parent's books say of it."""

import errno
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import OperationalError, connection, transaction
from django_tenants.utils import schema_context, tenant_context

from billing_portal.accounts.models import AuditEntry, Role, Switch
from billing_portal.jobs import outbox
from billing_portal.jobs.models import Job
from billing_portal.kernel.errors import DomainError, require
from billing_portal.tenancy.domain import names, schemas
from billing_portal.tenancy.models import CustomerName, Domain, Reseller, new_id
from customers.domain import customers, dropping, resellers
from customers.domain.dropping import Loss
from customers.models import Customer, PlanAssignment
from invoicing.documents import store
from invoicing.domain import calls, climb, ledger_check, rerating
from invoicing.domain.rerating import Named
from invoicing.models import Call, CallBatch, Document
from tests.customers.management.test_create_reseller import ARGUMENTS, create_reseller
from tests.support import databases, months, servers, tree, world
from tests.support.jobs import run_jobs
from tests.support.people import client, system, user
from tests.support.world import jane

WORD = "zqnorthwind"


def drop_reseller(*arguments: str, answer: str = "") -> tuple[int, str, str]:
    """The command in a process of its own, with the cache of these tests, and what is typed when it asks."""
    environment = {name: value for name, value in os.environ.items() if name != "PORTAL_DB_ROLE"}
    environment["REDIS_URL"] = servers.cache_url().replace("redis+socket://", "unix://")
    command = [sys.executable, "manage.py", "drop_reseller", *arguments]
    ran = subprocess.run(command, cwd=servers.ROOT, env=environment, input=answer, capture_output=True, text=True, check=False)
    return ran.returncode, ran.stdout.strip(), ran.stderr.strip()


def tables_with(word: str) -> list[str]:
    """Every table of the database in which the word stands, the partitions among them."""
    found = []
    with databases.superuser(connection.settings_dict["NAME"]).cursor() as cursor:
        cursor.execute("SELECT schemaname, tablename FROM pg_tables WHERE schemaname !~ '^(pg_|information_schema)'")
        for schema, table in cursor.fetchall():
            cursor.execute(f'SELECT count(*) FROM "{schema}"."{table}" AS row WHERE row::text LIKE %s', [f"%{word}%"])
            found += [f"{schema}.{table}"] if cursor.fetchone()[0] else []
    return found


def live_in() -> Path:
    """A customer with a name, somebody signed in, a job, a file and something in the cache; answers with the folder of the files."""
    with tenant_context(Reseller.objects.get(schema_name="northwind")):
        customers.create(f"Nora {WORD}", plan=world.plan(f"Plan {WORD}"), billing_email=f"{WORD}@nora.example", actor=system, at=datetime.now(UTC))
        client(user("nina", Role.ADMINISTRATOR, name=f"Nina {WORD}"), host="northwind.localhost").get("/customers/")
        outbox.add("mail.deliver", {"mail": WORD}, key=WORD)
        cache.set(f"key-{WORD}", WORD)
        store.write("northwind", "file.pdf", WORD.encode())
    take_unknown(WORD)
    return Path(settings.MEDIA_ROOT) / "northwind"


def cached() -> list[bytes]:
    line: Any = cache
    return [key for key in line._cache.get_client().scan_iter() if b"northwind" in key]


@pytest.mark.rel(58)
@pytest.mark.django_db(transaction=True)
def test_a_dropped_reseller_leaves_nothing_but_its_parents_books(in_acme: None) -> None:
    assert create_reseller(*ARGUMENTS, "--parent", "acme")[0] == 0
    row = Customer.objects.get(reseller_schema="northwind")
    folder = live_in()
    connection.set_tenant(Reseller.objects.get(schema_name="acme"))
    months.calls(row, "2026-10-03 09:00", price="5.0000")
    Customer.objects.filter(pk=row.pk).update(billing_since="2026-10-01")
    names.take(row.name, beside="Nova Voice", customer_id=row.pk)
    [document] = months.issue("2026-11-01", datetime(2026, 11, 1, 6, tzinfo=UTC), row)
    browser = client(user("jane"))
    assert browser.post("/customers/switch/", {"account": row.account_number}).status_code == 200

    going = "Northwind goes for good, with 1 customers, 1 files and 1 calls that wait in its queue."
    asked = drop_reseller("northwind", answer="northwand\n")
    assert asked == (1, f"{going}\nType northwind to drop it:", "Nothing was dropped.")
    assert (folder.exists(), cached() != []) == (True, True)
    assert {"northwind.customers_customer", "northwind.accounts_user", "northwind.jobs_job", "public.tenancy_customername"} <= set(tables_with(WORD))

    assert drop_reseller("northwind", "--yes") == (0, f"{going}\nNorthwind was dropped.", "")

    assert (tables_with(WORD), cached(), folder.exists()) == ([], [], False)
    assert client(host="northwind.localhost").get("/sign-in/").status_code == 404
    assert not Reseller.objects.filter(schema_name="northwind").exists()
    assert not Domain.objects.filter(domain="northwind.localhost").exists()
    assert not CustomerName.objects.filter(schema_name="northwind").exists()
    assert list(CustomerName.objects.filter(customer_id=row.pk).values_list("folded", flat=True)) == ["northwind"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_namespace WHERE nspname = 'northwind'")
        assert cursor.fetchone()[0] == 0

    connection.set_tenant(Reseller.objects.get(schema_name="acme"))
    kept = Customer.objects.get(pk=row.pk)
    assert (kept.name, kept.status, kept.kind, kept.reseller_schema) == ("Northwind", "closed", "normal", "")
    assert Document.objects.get(pk=document.pk).customer == kept
    assert AuditEntry.objects.filter(action="reseller.dropped", customer_id=row.pk).count() == 1
    assert ledger_check.check().differences == []
    assert browser.get("/customers/").status_code == 200
    assert browser.get(f"/invoices/{document.number}/").status_code == 200
    assert drop_reseller("northwind", "--yes") == (1, "", "There is no reseller “northwind”.")


@pytest.mark.rel(58)
def test_the_root_and_who_has_resellers_below_are_not_dropped(acme: Reseller, owner: Reseller) -> None:
    Reseller.objects.filter(schema_name="globex").update(parent=acme)

    assert [problem.code for problem in dropping.problems(owner)][:2] == ["root_stays", "has_resellers"]
    with pytest.raises(DomainError, match="Acme has resellers below it: Globex"):
        dropping.drop(acme, agreed=dropping.loss(acme), actor=jane, at=datetime.now(UTC))


@pytest.mark.rel(58)
def test_a_reseller_whose_calls_are_on_their_way_to_the_parent_is_not_dropped(globex: Reseller) -> None:
    outbox.add("mail.deliver", {}, key="a mail holds nothing back")
    assert "calls_owed" not in [problem.code for problem in dropping.problems(globex)]

    outbox.add("calls.climb", {"batch": "x"}, key="climb")

    assert "calls_owed" in [problem.code for problem in dropping.problems(globex)]


def northwind() -> Reseller:
    return Reseller.objects.get(schema_name="northwind")


def sold_to() -> Customer:
    """Northwind below Acme, with a customer Nora and prices at both levels; answers with Nora."""
    above = Reseller.objects.get(schema_name="acme")
    new: dict[str, Any] = {"host": "northwind.localhost", "currency": "GBP", "time_zone": "Europe/Berlin", "admin_email": "nora@northwind.example"}
    resellers.create("northwind", name="Northwind", parent=above, **new, actor=jane, at=datetime.now(UTC))
    connection.set_tenant(above)
    row = Customer.objects.get(reseller_schema="northwind")
    PlanAssignment.objects.create(customer=row, plan=world.plan("Wholesale", row.currency, {"44": ("United Kingdom", "0.40")}))
    with tenant_context(northwind()):
        return world.customer("Nora", on=world.plan("Retail", "GBP", {"44": ("United Kingdom", "0.60")}))


def take(of: Customer, call_id: str, **given: Any) -> str:
    """A call of Northwind's switch, as a request or a file that was begun before its host was shut brings it; how it was answered."""
    with tenant_context(northwind()):
        switch = Switch.objects.get_or_create(name="default")[0]
        return str(calls.ingest([tree.call(of, call_id, **given)], switch=switch, source="file", actor=jane, at=datetime.now(UTC))[0].status)


def take_unknown(call_id: str) -> str:
    """A call of nobody: it waits, and nobody's standing is locked for it."""
    return take(Customer(account_number="nobody"), call_id)


def drop(agreed: Loss | None = None) -> None:
    with schema_context("public"):
        dropping.drop(northwind(), agreed=agreed or dropping.loss(northwind()), actor=jane, at=datetime.now(UTC))


def climb_up() -> None:
    with tenant_context(northwind()):
        run_jobs("calls.climb")


def at_acme() -> tuple[int, list[Any]]:
    """How many calls have come to Acme, and what the check of its books finds."""
    with tenant_context(Reseller.objects.get(schema_name="acme")):
        return Call.objects.count(), ledger_check.check().differences


class While:
    """Does something once while a statement that begins so is asked of the database, just before or just after it."""

    def __init__(self, begins: str, work: Callable[[], object], *, after: bool = False) -> None:
        self.begins, self.work, self.after, self.done = begins, work, after, False

    def __call__(self, execute: Any, sql: str, *rest: Any) -> Any:
        if self.done or not sql.startswith(self.begins):
            return execute(sql, *rest)
        self.done = True
        found = execute(sql, *rest) if self.after else None
        self.work()
        return found if self.after else execute(sql, *rest)


def beside(work: Callable[[], None]) -> threading.Thread:
    """A thread with a database session of its own."""

    def run() -> None:
        try:
            work()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


@pytest.mark.rel(41, 58)
@pytest.mark.django_db(transaction=True)
def test_calls_acknowledged_after_a_reseller_was_looked_at_reach_its_parent_before_it_goes(as_owner: None) -> None:
    """The call comes when the host is shut already and nothing was owed: the last look finds what it owes, and all is there as before."""
    nora, answered = sold_to(), list[str]()
    store.write("northwind", "file.pdf", b"pdf")

    late = While('UPDATE "tenancy_reseller"', lambda: answered.append(take(nora, "late")), after=True)
    with connection.execute_wrapper(late), pytest.raises(DomainError, match="1 batches of calls of Northwind have not reached its parent yet"):
        drop()

    assert answered == ["rated"]
    assert (northwind().state, dropping.loss(northwind())) == (Reseller.State.READY, Loss(customers=1, files=1, waiting=0))
    climb_up()
    drop()
    assert not Reseller.objects.filter(schema_name="northwind").exists()
    assert at_acme() == (1, [])


@pytest.mark.rel(41, 58)
@pytest.mark.django_db(transaction=True)
def test_a_second_try_at_dropping_looks_again_for_calls_that_are_owed(as_owner: None) -> None:
    """The first try was killed before anything was gone: it leaves a host that is shut."""
    nora = sold_to()
    Reseller.objects.filter(schema_name="northwind").update(state=Reseller.State.MAKING)
    assert take(nora, "late") == "rated"

    with pytest.raises(DomainError, match="have not reached its parent yet"):
        drop()

    assert northwind().state == Reseller.State.READY
    climb_up()
    drop()
    assert at_acme() == (1, [])


@pytest.mark.rel(41, 58)
@pytest.mark.django_db(transaction=True)
def test_a_call_that_is_being_posted_is_waited_for_and_one_that_comes_later_is_not_acknowledged(as_owner: None) -> None:
    nora = sold_to()
    answered: list[str] = []
    posted, begun = threading.Event(), threading.Event()

    def post() -> None:
        with transaction.atomic():
            answer = take(nora, "before")
            begun.set()
            posted.wait(20)
        answered.append(answer)

    def come_too_late() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '200ms'")
        with pytest.raises(OperationalError, match="lock timeout"):
            take(nora, "too late")
        answered.append("refused")

    before = beside(post)
    assert begun.wait(20)
    soon = While("LOCK TABLE customers_standing", lambda: threading.Timer(0.3, posted.set).start())
    with connection.execute_wrapper(soon), pytest.raises(DomainError, match="have not reached its parent yet"):
        drop()
    before.join(20)
    climb_up()
    with connection.execute_wrapper(While("LOCK TABLE jobs_job", lambda: beside(come_too_late).join(20), after=True)):
        drop()

    assert answered == ["rated", "refused"]
    assert at_acme() == (1, [])


@pytest.mark.rel(41, 58)
@pytest.mark.django_db(transaction=True)
def test_calls_that_wait_are_named_as_a_loss_and_no_more_of_them_are_lost_than_were_named(as_owner: None) -> None:
    """One comes when the host is shut, one is being taken in at the last look, one comes after it and is not acknowledged."""
    sold_to()
    assert take_unknown("first") == "queued"
    named = dropping.loss(northwind())
    answered: list[str] = []
    taken, begun = threading.Event(), threading.Event()

    def take_in() -> None:
        with transaction.atomic():
            answer = take_unknown("in hand")
            begun.set()
            taken.wait(20)
        answered.append(answer)

    def come_too_late() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '200ms'")
        with pytest.raises(OperationalError, match="lock timeout"):
            take_unknown("too late")
        answered.append("refused")

    in_hand = beside(take_in)
    assert begun.wait(20)
    soon = While("LOCK TABLE customers_standing", lambda: threading.Timer(0.3, taken.set).start())
    late = While('UPDATE "tenancy_reseller"', lambda: answered.append(take_unknown("late")), after=True)
    with connection.execute_wrapper(soon), connection.execute_wrapper(late), pytest.raises(DomainError, match="3 calls wait in the queue of Northwind, more"):
        drop(named)
    in_hand.join(20)

    assert (named, dropping.loss(northwind()), northwind().state) == (Loss(1, 0, waiting=1), Loss(1, 0, waiting=3), Reseller.State.READY)
    with connection.execute_wrapper(While("LOCK TABLE jobs_job", lambda: beside(come_too_late).join(20), after=True)):
        drop()
    assert answered == ["queued", "queued", "refused"]


@pytest.mark.rel(58)
@pytest.mark.django_db(transaction=True)
def test_who_changes_the_reseller_s_plan_meanwhile_and_who_drops_it_do_not_wait_for_each_other(as_owner: None) -> None:
    """Both want its row at the parent and the standings of its own schema: in one order, so that neither is ended by the database."""
    sold_to()
    row, dear = Customer.objects.get(reseller_schema="northwind"), world.plan("Dear", rates={"44": ("United Kingdom", "9.00")})
    changes: list[threading.Thread] = []
    changed: list[str] = []
    has_the_row, dropped = threading.Event(), threading.Event()

    def hesitate() -> None:
        has_the_row.set()
        dropped.wait(0.5)

    def change() -> None:
        wants_the_table = While("LOCK TABLE customers_standing", hesitate)
        with tenant_context(Reseller.objects.get(schema_name="acme")), connection.execute_wrapper(wants_the_table):
            changed.append(customers.change(row, plan=dear, actor=jane, at=datetime.now(UTC)).status)

    def begin() -> None:
        changes.append(beside(change))
        assert has_the_row.wait(20)

    with connection.execute_wrapper(While('UPDATE "tenancy_reseller"', begin)):
        drop()
    dropped.set()
    changes[0].join(20)

    row.refresh_from_db()
    assert (changed, row.status, Reseller.objects.filter(schema_name="northwind").exists()) == (["active"], "closed", False)


@pytest.mark.rel(58)
@pytest.mark.django_db(transaction=True)
def test_a_reseller_that_cannot_be_dropped_is_open_again_with_all_its_files_and_one_that_is_half_gone_is_gone_on_with(
    as_owner: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    sold_to()
    store.write("northwind", "file.pdf", b"pdf")
    whole = (Reseller.State.READY, Loss(customers=1, files=1, waiting=0))
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '100ms'")

    other = psycopg2.connect(**connection.get_connection_params())
    with other.cursor() as cursor:
        cursor.execute("LOCK TABLE northwind.jobs_job IN SHARE MODE")
    with pytest.raises(OperationalError, match="lock timeout"):
        drop()
    other.close()
    assert (northwind().state, dropping.loss(northwind())) == whole

    below = While('UPDATE "tenancy_reseller"', lambda: Reseller.objects.filter(schema_name="globex").update(parent=northwind()), after=True)
    with connection.execute_wrapper(below), pytest.raises(DomainError, match="Northwind has resellers below it: Globex"):
        drop()
    assert (northwind().state, dropping.loss(northwind())) == whole
    Reseller.objects.filter(schema_name="globex").update(parent=Reseller.objects.get(schema_name="owner"))

    with monkeypatch.context() as away:
        away.setattr(schemas, "forget_cached", lambda _schema: require(False, "cache_away", "The cache does not answer."))
        with pytest.raises(DomainError, match="The cache does not answer"):
            drop()
    assert (northwind().state, dropping.loss(northwind())) == whole

    def broken(folder: Path) -> None:
        raise OSError(errno.EIO, "Input/output error", folder)

    with monkeypatch.context() as disk:
        disk.setattr(shutil, "rmtree", broken)
        with pytest.raises(OSError, match="Input/output error"):
            drop()
    assert (northwind().state, schemas.is_there(northwind()), dropping.loss(northwind())) == (Reseller.State.MAKING, False, Loss(0, 1, 0))
    assert client(host="northwind.localhost").get("/sign-in/").status_code == 404

    drop()
    assert not Reseller.objects.filter(schema_name="northwind").exists()
    assert not Path(settings.MEDIA_ROOT, "northwind").exists()
    with tenant_context(Reseller.objects.get(schema_name="acme")):
        assert AuditEntry.objects.filter(action="reseller.dropped").count() == 1


@pytest.mark.rel(41, 58)
@pytest.mark.django_db(transaction=True)
def test_calls_of_a_dropped_reseller_are_rated_again_in_its_parents_books_and_nobody_below_is_told(as_owner: None) -> None:
    assert take(sold_to(), "c1") == "rated"
    climb_up()
    drop()

    with tenant_context(Reseller.objects.get(schema_name="acme")):
        PlanAssignment.objects.update(plan=world.plan("Cheaper", Call.objects.get().currency, {"44": ("United Kingdom", "0.20")}))
        again = rerating.rate_again(Named.of(Call.objects.all()), new_id(), actor=jane, at=datetime.now(UTC))
        assert (again.changed, run_jobs("calls.difference_below")) == (1, ["calls.difference_below"])
        assert Job.objects.get(kind="calls.difference_below").state == Job.State.DONE
        assert ledger_check.check().differences == []
    assert "calls_owed" not in [problem.code for problem in dropping.problems(Reseller.objects.get(schema_name="acme"))]


@pytest.mark.rel(58)
def test_web_and_workers_cannot_drop_a_reseller(globex: Reseller) -> None:
    """They are refused before anything is touched; so is the role itself, by the database."""
    with pytest.raises(DomainError, match="owner's database role"):
        dropping.drop(globex, agreed=dropping.loss(globex), actor=jane, at=datetime.now(UTC))

    globex.refresh_from_db()
    assert globex.state == Reseller.State.READY


@pytest.mark.rel(58)
def test_the_short_name_of_a_dropped_reseller_is_not_given_again_where_its_calls_are(acme: Reseller) -> None:
    """Under the same name its calls would be taken for those of the new one."""
    Switch.objects.create(name="northwind/default", child_schema="northwind")
    new = resellers.NewReseller("northwind", "Northwind", "northwind.localhost", acme, "GBP", "UTC", "nora@northwind.example", None)

    assert [problem.code for problem in resellers.problems(new)] == ["short_name_used"]


@pytest.mark.rel(58)
def test_a_price_found_later_for_a_dropped_reseller_is_told_to_nobody(acme: Reseller) -> None:
    switch = Switch.objects.create(name="northwind/default", child_schema="northwind")
    batch = CallBatch.objects.create(switch=switch, source=CallBatch.Source.CLIMBED, posted_at=datetime.now(UTC), actor_name="x", child_schema="northwind")

    climb.write_back(batch.pk)

    with schema_context("public"):
        assert not Reseller.objects.filter(schema_name="northwind").exists()
