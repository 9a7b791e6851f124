"""What stands in the tables of the schema one is in, as one sum for each: equal sums mean that nothing changed."""

from __future__ import annotations

from django.db import connection
from psycopg2 import sql

# What a refused act may leave: who was there, and that somebody tried.
TRACES = ("django_session", "accounts_user", "accounts_auditentry", "tenancy_")

TABLES = """
    SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname = ANY (%s) AND has_table_privilege(c.oid, 'SELECT')
"""


def sums(*, but: tuple[str, ...] = ()) -> dict[str, str]:
    """The md5 of the rows of each table, in no order of theirs; tables that begin with a name of `but` or only hold traces are left out."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema() AND table_type = 'BASE TABLE'")
        names = sorted(name for (name,) in cursor.fetchall() if not name.startswith((*TRACES, *but)))
        question = sql.SQL("SELECT coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '') FROM {} t")
        found = {}
        for name in names:
            cursor.execute(question.format(sql.Identifier(name)))
            found[name] = cursor.fetchone()[0]
    return found


def counts(*schemas: str) -> dict[str, int]:
    """How many rows each table of these schemas has, as this connection sees them."""
    with connection.cursor() as cursor:
        cursor.execute(TABLES, [list(schemas)])
        parts = [
            sql.SQL("SELECT {}, count(*) FROM {}").format(sql.Literal(f"{schema}.{name}"), sql.Identifier(schema, name)) for schema, name in cursor.fetchall()
        ]
        cursor.execute(sql.SQL(" UNION ALL ").join(parts))
        return dict(cursor.fetchall())
