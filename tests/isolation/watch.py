"""Whether a request changed anything of somebody it must not touch: told by the database's own counters, and by the rows themselves."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from django.db import connection
from django_tenants.utils import schema_context

Tables = dict[tuple[str, str], str]


class Watch:
    """Looks over whole resellers, and over one customer of the reseller that is asked.

    Counters tell which tables were written to in the open transaction, also by what was rolled back; only where they moved are rows compared.
    """

    def __init__(self, schemas: Iterable[str], *, asked: str = "", marks: Iterable[object] = ()) -> None:
        self.schemas = tuple(schemas)
        self.asked, self.marks = asked, [str(mark) for mark in marks]
        self.moved: set[tuple[str, str]] = set()
        self._counted = self._counts()
        self._before = {**self._rows(self._tables), **self._marked(self._tables)}

    def touched(self) -> list[str]:
        """What changed since the last look: any row of a watched reseller, or a row that names the watched customer. `moved` are the tables written to."""
        counts = self._counts()
        self.moved = {key for key, count in counts.items() if count != self._counted.get(key)}
        self._counted = counts
        if not self.moved:
            return []
        now = {**self._rows(self.moved), **self._marked(self.moved)}
        return sorted(f"{schema}.{table}" for (schema, table), md5 in now.items() if self._before[schema, table] != md5)

    @cached_property
    def _tables(self) -> set[tuple[str, str]]:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
                " WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND has_table_privilege(c.oid, 'SELECT') AND n.nspname = ANY(%s)",
                [[*self.schemas, self.asked, "public"]],
            )
            return {(schema, table) for schema, table in cursor.fetchall() if table != "django_migrations"}

    @cached_property
    def _oids(self) -> list[int]:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r' AND n.nspname = ANY(%s)",
                [[*self.schemas, self.asked, "public"]],
            )
            return [oid for (oid,) in cursor.fetchall()]

    def _counts(self) -> dict[tuple[str, str], int]:
        """Rows written in this transaction so far, by table; a partition counts for its table."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT n.nspname, coalesce(p.relname, c.relname), sum(t.written) FROM (SELECT oid, pg_stat_get_xact_tuples_inserted(oid)"
                " + pg_stat_get_xact_tuples_updated(oid) + pg_stat_get_xact_tuples_deleted(oid) AS written FROM unnest(%s::oid[]) AS oid) t"
                " JOIN pg_class c ON c.oid = t.oid JOIN pg_namespace n ON n.oid = c.relnamespace"
                " LEFT JOIN pg_inherits i ON i.inhrelid = c.oid LEFT JOIN pg_class p ON p.oid = i.inhparent WHERE t.written > 0 GROUP BY 1, 2",
                [self._oids],
            )
            return {(schema, table): int(count) for schema, table, count in cursor.fetchall()}

    def _rows(self, tables: Iterable[tuple[str, str]]) -> Tables:
        """The MD5 over all rows of the watched resellers' tables, and of the shared rows that name one of them."""
        whole = _md5({key for key in tables if key[0] in self.schemas})
        return whole | _md5({key for key in tables if key[0] == "public"}, list(self.schemas))

    def _marked(self, tables: Iterable[tuple[str, str]]) -> Tables:
        return _md5({key for key in tables if key[0] == self.asked and self.marks}, self.marks)


def counted() -> dict[tuple[str, str], int]:
    """Rows written in the open transaction so far, by schema and table."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT schemaname, relname, n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_xact_user_tables WHERE n_tup_ins + n_tup_upd + n_tup_del > 0"
        )
        return {(schema, table): count for schema, table, count in cursor.fetchall()}


def _md5(tables: set[tuple[str, str]], marks: list[str] | None = None) -> Tables:
    if not tables:
        return {}
    where = "WHERE r::text ~ %s" if marks is not None else ""
    parts = [
        f"SELECT '{schema}', '{table}', md5(string_agg(r::text, '|' ORDER BY md5(r::text))) FROM \"{schema}\".\"{table}\" r {where}"
        for schema, table in sorted(tables)
    ]
    with schema_context("public"), connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), ["|".join(marks)] * len(parts) if marks is not None else [])
        return {(schema, table): md5 or "" for schema, table, md5 in cursor.fetchall()}
