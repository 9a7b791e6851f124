"""A schema made by the template is the one that migrating would make: tables, triggers, rights, rows."""

import re
from typing import Any

import pytest
from django.core.management import call_command
from django.db import ProgrammingError, connection, transaction

from billing_portal.kernel.errors import DomainError
from billing_portal.tenancy.domain import partitions, postgres_tools, schema_templates, schemas
from billing_portal.tenancy.models import Reseller, SchemaTemplate

WHEN_MIGRATED = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?\+00")
TOKEN = re.compile(r"^\\(un)?restrict .*$", re.MULTILINE)

# Postgres writes the cast of a list, `(ARRAY['a'::varchar])::text[]`, and reads it as a cast of each element: the same to it.
CAST = re.compile(r"::text(\[\])?|[()]")

# How far other tests of this process have counted in Acme's schema: no transaction takes that back.
COUNTED = re.compile(r"^SELECT pg_catalog.setval\(.*$", re.MULTILINE)


def register(name: str) -> Reseller:
    root = Reseller.objects.get(schema_name="owner")
    return schemas.register(name=name, schema_name=name, host=f"{name}.localhost", parent=root, currency="GBP", time_zone="UTC")


def dump(schema: str) -> str:
    """All that a schema is and holds, without its name and the moments of its migrations."""
    told = postgres_tools.run("pg_dump", ["--schema", schema, "--inserts"])
    plain = TOKEN.sub("", WHEN_MIGRATED.sub("(moment)", told)).replace(schema, "(schema)")
    return "\n".join(CAST.sub("", line) if "= ANY (" in line else line for line in plain.splitlines())


@pytest.fixture
def migrated(as_owner: None, monkeypatch: pytest.MonkeyPatch) -> str:
    """A schema made by migrating alone."""
    with monkeypatch.context() as without:
        without.setattr(schema_templates, "script_for", lambda schema: None)
        schemas.make(register("bymigration"))
    return "bymigration"


def test_a_schema_of_the_template_is_one_that_was_migrated(migrated: str) -> None:
    schemas.make(register("bytemplate"))

    made = dump("bytemplate")
    assert made == dump(migrated)
    assert "CREATE TRIGGER customers_transfer_no_change BEFORE" in made
    assert "GRANT SELECT,INSERT ON TABLE (schema).customers_transfer TO portal_app" in made


@pytest.mark.parametrize("name", ["user", "order", "all"])
def test_a_word_of_sql_is_a_good_short_name(as_owner: None, name: str) -> None:
    made = register(name)

    schemas.make(made)

    connection.set_tenant(made)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM django_migrations")
        assert cursor.fetchone()[0] > 30


def test_nothing_is_migrated_once_the_template_is_there(as_owner: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schemas, "call_command", lambda *args, **options: pytest.fail("it was migrated"))
    reseller = register("quick")

    schemas.make(reseller)

    assert Reseller.objects.get(pk=reseller.pk).state == Reseller.State.READY
    assert connection.schema_name == "public"


def test_the_template_of_another_release_is_replaced(as_owner: None) -> None:
    SchemaTemplate.objects.update(fingerprint="of an earlier release", script="SELECT 1 / 0")

    schemas.make(register("renewed"))

    kept = SchemaTemplate.objects.get()
    assert kept.fingerprint != "of an earlier release"
    assert COUNTED.sub("", dump("renewed")) == COUNTED.sub("", dump("acme"))
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_namespace WHERE nspname ILIKE '%template%'")
        assert cursor.fetchone()[0] == 0


def test_without_a_pg_dump_a_reseller_is_migrated(as_owner: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> str:
        raise DomainError("tool_missing", f"{name} was not found")

    SchemaTemplate.objects.all().delete()
    monkeypatch.setattr(postgres_tools, "find", missing)
    done: list[str] = []

    def migrate(command: str, **options: Any) -> None:
        done.append(options["schema_name"])
        call_command(command, **options)

    monkeypatch.setattr(schemas, "call_command", migrate)

    schemas.make(register("slowly"))

    assert done == ["slowly"]
    assert not SchemaTemplate.objects.exists()


def test_a_failure_in_the_middle_leaves_no_schema(as_owner: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("the power went")

    monkeypatch.setattr(partitions, "make_all", fail)
    reseller = register("halfway")

    with pytest.raises(RuntimeError, match="the power went"):
        schemas.make(reseller)

    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regnamespace('halfway') IS NULL")
        assert cursor.fetchone()[0]
    assert Reseller.objects.get(pk=reseller.pk).state == Reseller.State.MAKING


@pytest.mark.django_db
@pytest.mark.parametrize("attack", ["SELECT script FROM {}", "UPDATE {} SET script = ''", "INSERT INTO {} (script) VALUES ('')", "DELETE FROM {}"])
def test_the_role_of_web_and_workers_cannot_touch_what_the_owner_will_run(attack: str) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(attack.format("public.tenancy_schematemplate"))
