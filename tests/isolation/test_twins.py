"""What opens something at one reseller opens nothing at another, not even where one is a copy of the other, with the same ids and hashes.

Reliability 46, 48, 49, 51, 52, 56, 58.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import ProgrammingError, connection, transaction
from django.test import Client
from django_tenants.utils import schema_context
from psycopg2 import sql

from billing_portal.accounts.domain import tickets
from billing_portal.accounts.models import Role, SwitchTicket, User
from billing_portal.jobs import tasks
from billing_portal.jobs.domain import running
from billing_portal.kernel.errors import DomainError
from customers.models import Customer
from invoicing.documents import store
from invoicing.models import Document, DocumentFile
from tests.isolation import canaries, every_kind
from tests.isolation.arguments import Belongings
from tests.isolation.furnished import HOSTS, Furnished
from tests.isolation.recorder import recording
from tests.sizes import size
from tests.support import addresses, databases
from tests.support.canary_words import WORD
from tests.support.leaks import NAMES, listener
from tests.support.people import client

pytestmark = pytest.mark.django_db

Resellers = dict[str, Furnished]
CSRF = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
KEPT = "test_kept"
COPY = """
    INSERT INTO {0} OVERRIDING SYSTEM VALUE
    SELECT (jsonb_populate_record(null::{0}, replace(replace(replace(to_jsonb(r)::text, %s, %s), %s, %s), %s, %s)::jsonb)).* FROM {1} r
"""


@pytest.fixture(scope="module")
def twins(resellers: Resellers, django_db_blocker: Any) -> Iterator[Resellers]:
    """Globex as a copy of Acme, row for row; only the word in its texts, its name and its host are its own. What it was before is put back."""
    with django_db_blocker.unblock():
        name = connection.settings_dict["NAME"]
        tables = [model._meta.db_table for model in canaries.models_of_a_reseller()]
        own = [text for acmes, globexs in zip((WORD["acme"], *NAMES["acme"]), (WORD["globex"], *NAMES["globex"]), strict=True) for text in (acmes, globexs)]
        with databases.superuser(name).cursor() as cursor:
            cursor.execute(sql.SQL("SET session_replication_role = replica; CREATE SCHEMA {}").format(sql.Identifier(KEPT)))
            for table in tables:
                kept, theirs, ours = (sql.Identifier(schema, table) for schema in (KEPT, "globex", "acme"))
                cursor.execute(sql.SQL("CREATE TABLE {0} AS SELECT * FROM {1}; DELETE FROM {1}").format(kept, theirs))
                cursor.execute(sql.SQL(COPY).format(theirs, ours), own)
            listener.begin()  # whatever was written for the one is the other's own by now
            yield resellers
            for table in tables:
                kept, theirs = sql.Identifier(KEPT, table), sql.Identifier("globex", table)
                cursor.execute(sql.SQL("DELETE FROM {0}; INSERT INTO {0} OVERRIDING SYSTEM VALUE SELECT * FROM {1}").format(theirs, kept))
            cursor.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(KEPT)))


def with_session_of(theirs: Client, host: str) -> Client:
    browser = client(host=host)
    browser.cookies[settings.SESSION_COOKIE_NAME] = theirs.cookies[settings.SESSION_COOKIE_NAME].value
    return browser


@pytest.mark.rel(46)
@pytest.mark.parametrize("role", [*Role])
def test_a_session_is_nobodys_at_the_copy_even_when_its_row_is_copied_too(twins: Resellers, role: Role) -> None:
    acme = twins["acme"]
    user = acme.staff.get(role) or acme.people["Anna", role]
    browser = acme.browser(user)
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO globex.django_session SELECT * FROM acme.django_session")

    for schema, host in HOSTS.items():
        answer = with_session_of(browser, host).get("/account/")
        assert (answer.status_code == 200) == (schema == "acme"), host


@pytest.mark.rel(60)
@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.ACCOUNT_ADMIN])
def test_each_twin_shows_its_own_words_under_the_same_ids(twins: Resellers, role: Role) -> None:
    """In turn, in one process: whatever was kept of the one would be shown by the other."""
    own = Belongings(twins["acme"], "Anna")
    paths = [own.path(address) for address in addresses.every() if address.audience not in {"public", "library", ""}]
    with recording() as recorder:
        for number, path in enumerate(paths[:: size(6, 1)]):
            for schema in ("acme", "globex") if number % 2 else ("globex", "acme"):
                with schema_context(schema):
                    user = User.objects.get(pk=(twins["acme"].staff.get(role) or twins["acme"].people["Anna", role]).pk)
                browser = twins[schema].browser(user)
                answer = browser.get(path)
                recorder.answer(path, schema, answer)
                assert answer.status_code < 500, path

    assert not recorder.leaks, "\n".join(recorder.leaks)


@pytest.mark.rel(58)
@pytest.mark.rel(96)
def test_a_key_of_one_is_unknown_to_its_copy(twins: Resellers) -> None:
    def sent(schema: str) -> int:
        with schema_context(schema):
            headers = {"host": HOSTS[schema], "authorization": f"Bearer {twins['acme'].api_key}"}
            return Client(headers=headers).post("/api/v1/calls", {"records": []}, content_type="application/json").status_code

    assert (sent("acme"), sent("globex"), sent("owner")) == (200, 401, 401)


@pytest.mark.rel(58)
@pytest.mark.rel(72)
def test_a_link_to_set_a_password_is_ended_at_the_copy(twins: Resellers) -> None:
    path = f"/password/{twins['acme'].links['Anna']}/"
    new = {"password": "another kettle in the dale"}

    assert [client(host=HOSTS[schema]).get(path).status_code for schema in ("acme", "globex", "owner")] == [200, 410, 410]
    assert client(host=HOSTS["globex"]).post(path, new).status_code == 410
    assert client(host=HOSTS["acme"]).post(path, new).status_code == 302


@pytest.mark.rel(58)
@pytest.mark.rel(67)
def test_a_ticket_of_one_opens_nothing_at_its_copy(twins: Resellers) -> None:
    with schema_context("acme"):
        fresh = SwitchTicket.objects.create(
            token_hash=tickets.fingerprint("token"), parent_schema="owner", actor_schema="owner", actor_id=twins["owner"].staff[Role.ADMINISTRATOR].pk,
            actor_name="Orla", role=Role.ADMINISTRATOR, expires_at=datetime(2100, 1, 1, tzinfo=UTC),
        )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO globex.accounts_switchticket SELECT * FROM acme.accounts_switchticket WHERE id = %s", [fresh.pk])
    arrived = {
        schema: client(host=HOSTS[schema]).post("/switch/arrive/", {"token": "token"}, headers={"origin": "http://localhost"}).status_code
        for schema in ("globex", "acme")
    }

    assert arrived == {"globex": 403, "acme": 302}


@pytest.mark.rel(51)
def test_what_one_keeps_in_the_cache_is_not_there_for_another(resellers: Resellers) -> None:
    for schema in HOSTS:
        with schema_context(schema):
            assert cache.get("same-key") is None
            cache.set("same-key", schema)
    for schema in HOSTS:
        with schema_context(schema):
            assert cache.get("same-key") == schema


@pytest.mark.rel(52)
def test_no_file_of_one_is_read_by_another_by_whatever_path(resellers: Resellers) -> None:
    with schema_context("acme"):
        file = DocumentFile.objects.order_by("pk")[0]
    name = file.path.rpartition("/")[2]
    door = Path(settings.MEDIA_ROOT, "globex", "documents", "door")
    door.parent.mkdir(parents=True, exist_ok=True)
    door.symlink_to(Path(settings.MEDIA_ROOT, file.path))
    outside = str(Path(settings.MEDIA_ROOT, file.path))
    ways = [file.path, f"globex/../{file.path}", f"globex/documents/../../{file.path}", f"globex/%2e%2e/{file.path}", outside, "globex/documents/door"]
    try:
        for way in [*ways, f"globex/documents/{name}"]:
            with pytest.raises(DomainError, match="does not exist"):
                store.read("globex", way)
    finally:
        door.unlink()
    assert store.read("acme", file.path, file.sha256).startswith(b"%PDF")


@pytest.mark.rel(52)
def test_a_file_whose_row_was_copied_is_not_handed_out(twins: Resellers) -> None:
    """The rows in Globex name files in Acme's folder, by whatever address a document of whatever kind is asked for."""
    globex, said = twins["globex"], {}
    connection.set_tenant(globex.reseller())
    jane = User.objects.get(pk=twins["acme"].staff[Role.ADMINISTRATOR].pk)
    with transaction.atomic():
        for document in every_kind.documents(twins["acme"], folder="acme"):
            assert document.files.get().path.startswith("acme/")
            said[document.kind] = globex.browser(jane).get(f"/invoices/{document.number}/pdf/")
        transaction.set_rollback(True)

    assert {kind: (answer.status_code, b"%PDF" in answer.content) for kind, answer in said.items()} == dict.fromkeys(Document.DocumentKind, (422, False))


@pytest.mark.rel(66)
def test_a_token_of_one_hosts_form_is_refused_at_another(twins: Resellers) -> None:
    def strict(schema: str) -> tuple[Client, str]:
        with schema_context(schema):
            user = User.objects.get(pk=twins["acme"].staff[Role.ADMINISTRATOR].pk)
            browser = client(user, host=HOSTS[schema], enforce_csrf_checks=True)
        found = CSRF.search(browser.get("/account/").content.decode())
        assert found is not None
        return browser, found[1]

    (_acme, theirs), (globex, own) = strict("acme"), strict("globex")
    asked = {"time_zone": "Asia/Tokyo", "frame": "own"}

    assert globex.post("/account/", asked | {"csrfmiddlewaretoken": theirs}).status_code == 403
    assert globex.post("/account/", asked | {"csrfmiddlewaretoken": own}).status_code == 302


@pytest.mark.rel(48)
def test_tasks_of_many_resellers_each_run_in_their_own_schema_whatever_went_wrong_before(resellers: Resellers, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each third task leaves itself in another schema and fails."""
    seen: list[str] = []

    def probe(job_id: str) -> None:
        seen.append(connection.schema_name)
        if len(seen) % 3 == 0:
            connection.set_schema("globex" if seen[-1] != "globex" else "acme")
            raise RuntimeError("left in the middle")

    monkeypatch.setattr(running, "run", probe)
    connection.set_schema_to_public()
    asked = [list(HOSTS)[number % len(HOSTS)] for number in range(size(60, 1_000))]
    after = []
    for schema in asked:
        tasks.run.apply(args=("x",), headers={"_schema_name": schema})
        after.append(connection.schema_name)

    assert (seen, set(after)) == (asked, {"public"})


@pytest.mark.rel(48)
@pytest.mark.rel(58)
def test_a_message_for_a_reseller_that_is_gone_does_nothing(resellers: Resellers, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    monkeypatch.setattr(running, "run", lambda job_id: seen.append(connection.schema_name))
    connection.set_schema_to_public()

    assert tasks.run.apply(args=("x",), headers={"_schema_name": "northwind"}).failed()
    assert (seen, connection.schema_name) == ([], "public")


@pytest.mark.rel(49)
def test_a_thread_knows_no_reseller_and_says_so_loudly(resellers: Resellers) -> None:
    said: list[object] = []

    def ask() -> None:
        try:
            said.append(connection.schema_name)
            list(Customer.objects.all())
        except ProgrammingError as problem:
            said.append(type(problem))
        finally:
            connection.close()

    with schema_context("acme"):
        assert Customer.objects.exists()
        thread = threading.Thread(target=ask)
        thread.start()
        thread.join()

    assert said == ["public", ProgrammingError]
