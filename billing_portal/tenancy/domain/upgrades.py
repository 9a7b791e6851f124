"""Bring every schema to this release: one query tells which are behind, only those are migrated, and run again it goes on where it stopped."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from django.core.management.base import CommandError
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django_tenants.migration_executors.base import MigrationExecutor
from django_tenants.migration_executors.standard import StandardExecutor

FOR_ONE_MIGRATION = ("app_label", "migration_name", "fake", "fake_initial", "plan", "prune", "check_unapplied", "run_syncdb")


def executor(codename: str | None = None) -> type[MigrationExecutor]:
    """What `migrate` and `migrate_schemas` work with (GET_EXECUTOR_FUNCTION in the settings)."""
    return OnlyWhatIsBehind


class OnlyWhatIsBehind(StandardExecutor):
    """Migrates the schemas that lack a migration of this release, one after the other; stops at the first failure and says how far it came.

    Each migration of each schema is one transaction, so a schema is never left between two of them (reliability 98).
    """

    def run_migrations(self, tenants: Iterable[str] | None = None) -> None:
        schemas = list(tenants or [])
        if any(self.options.get(name) for name in FOR_ONE_MIGRATION):
            super().run_migrations(schemas)
            return
        needed = behind(schemas)
        for done, schema in enumerate(needed):
            try:
                super().run_migrations([schema])
            except Exception as problem:
                told = f"{done} of {len(needed)} schemas that were behind are migrated; {schema} is not: {problem}"
                raise CommandError(f"{told}\nRun it again once this is mended: it goes on with {schema}.") from problem


def behind(schemas: Collection[str]) -> list[str]:
    """Those of these schemas in which a migration of this release was not applied, in the order given."""
    wanted = sorted(f"{app} {name}" for app, name in MigrationLoader(None).graph.nodes)
    begun = _with_migrations(schemas)
    if not begun:
        return list(schemas)
    count = "SELECT %s, count(*) FROM {}.django_migrations WHERE app || ' ' || name = ANY (wanted)"
    questions = " UNION ALL ".join(count.format(connection.ops.quote_name(schema)) for schema in begun)
    with connection.cursor() as cursor:
        cursor.execute(f"WITH release AS (SELECT %s::text[] AS wanted) SELECT found.* FROM release, LATERAL ({questions}) found", [wanted, *begun])
        complete = {schema for schema, applied in cursor.fetchall() if applied == len(wanted)}
    return [schema for schema in schemas if schema not in complete]


def _with_migrations(schemas: Collection[str]) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT schemaname FROM pg_tables WHERE tablename = 'django_migrations' AND schemaname = ANY (%s)", [list(schemas)])
        return [schema for (schema,) in cursor.fetchall()]
