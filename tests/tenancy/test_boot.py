"""A portal whose tables are not where they belong does not start (reliability 47)."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection

from billing_portal.tenancy import boot
from tests.support.databases import superuser

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def do(acme: Any) -> Iterator[Any]:
    """Do something as the superuser, in a transaction that is taken back at the end."""
    name = connection.settings_dict["NAME"]
    line = superuser(name)
    undo: list[str] = []

    def statement(text: str, back: str) -> None:
        undo.append(back)
        with line.cursor() as cursor:
            cursor.execute(text)

    yield statement
    for text in reversed(undo):
        with line.cursor() as cursor:
            cursor.execute(text)


@pytest.mark.rel(47)
def test_a_whole_portal_starts(acme: Any) -> None:
    boot.check()


@pytest.mark.rel(47)
def test_with_a_table_missing_it_does_not_start_and_says_which(do: Any) -> None:
    do("ALTER TABLE globex.accounts_user RENAME TO elsewhere", "ALTER TABLE globex.elsewhere RENAME TO accounts_user")

    with pytest.raises(boot.BootError, match=r"globex\.accounts_user is missing\. Run migrate_schemas"):
        boot.check()


@pytest.mark.rel(47)
def test_with_a_resellers_table_in_the_shared_schema_it_does_not_start(do: Any) -> None:
    do("CREATE TABLE public.django_session (id int)", "DROP TABLE public.django_session")

    with pytest.raises(boot.BootError, match=r"public\.django_session should not be there"):
        boot.check()


@pytest.mark.rel(47)
def test_a_migration_that_leaves_a_table_out_is_red(do: Any) -> None:
    do("ALTER TABLE globex.accounts_user RENAME TO elsewhere", "ALTER TABLE globex.elsewhere RENAME TO accounts_user")

    boot.check_migrated("acme")
    boot.check_migrated("public")
    with pytest.raises(boot.BootError, match="globex"):
        boot.check_migrated("globex")


@pytest.mark.rel(47)
def test_a_worker_ends_with_the_reason(do: Any) -> None:
    do("ALTER TABLE globex.accounts_user RENAME TO elsewhere", "ALTER TABLE globex.elsewhere RENAME TO accounts_user")

    with pytest.raises(SystemExit, match="is missing"):
        boot.check_worker()


@pytest.mark.rel(50)
def test_a_session_of_ones_own_is_no_reason_to_refuse(acme: Any) -> None:
    boot.check_session()
