"""What the database itself keeps: rows that prove something can be added and told anew, never taken away (reliability 2, 19)."""

from typing import Any

import psycopg2.errors
import pytest
from django.db import ProgrammingError, connection, transaction

from tests.support import databases

pytestmark = pytest.mark.django_db
KEPT = ["invoicing_callkey", "mail_maillog", "rateplans_planversion", "rateplans_storedrate"]


@pytest.mark.rel(2)
@pytest.mark.parametrize("table", KEPT)
@pytest.mark.parametrize(
    "attack", ["DELETE FROM {}", "TRUNCATE {} CASCADE", "ALTER TABLE {} DISABLE TRIGGER ALL", "DROP TRIGGER {0}_no_delete ON {0}", "DROP TABLE {} CASCADE"]
)
def test_rows_that_are_kept_cannot_be_deleted_by_the_role_of_web_and_workers(acme: Any, table: str, attack: str) -> None:
    with pytest.raises(ProgrammingError, match=r"permission denied|must be owner"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(attack.format(table))


@pytest.mark.rel(2)
@pytest.mark.parametrize("table", KEPT)
def test_not_even_a_superuser_empties_a_table_of_kept_rows(acme: Any, table: str) -> None:
    with databases.superuser(connection.settings_dict["NAME"]).cursor() as cursor:
        cursor.execute("BEGIN; SET LOCAL session_replication_role = origin")
        with pytest.raises(psycopg2.errors.InsufficientPrivilege, match=f"{table} keeps its rows"):
            cursor.execute(f"TRUNCATE acme.{table} CASCADE")
        cursor.execute("ROLLBACK")


@pytest.mark.parametrize("table", KEPT)
def test_kept_rows_can_be_changed(acme: Any, table: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET created_at = created_at")
