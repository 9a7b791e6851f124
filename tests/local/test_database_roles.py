"""`script/database-roles` on a server of somebody's own: the database stands, and the app owns nothing in it."""

import os
import subprocess
from collections.abc import Iterator
from urllib.parse import parse_qs, unquote, urlsplit

import psycopg2.errors
import pytest

from billing_portal.local import postgres, roles
from tests.support.servers import ROOT, SUPERUSER, with_database

NAME = f"roles_{os.getpid()}"


@pytest.fixture
def made() -> Iterator[str]:
    """The script, run twice."""
    boss = urlsplit(os.environ[SUPERUSER])
    place = {"PGHOST": parse_qs(boss.query)["host"][0] if boss.query else str(boss.hostname), "PGUSER": unquote(boss.username or "")}
    secrets = {name: unquote(urlsplit(os.environ[url]).password or "") for name, url in _SECRETS.items()}
    path = {"PATH": f"{postgres.installed()}:{os.environ['PATH']}", "PGPASSWORD": unquote(boss.password or "")}
    for _time in range(2):
        ended = subprocess.run([ROOT / "script" / "database-roles", NAME], check=False, env=place | secrets | path, capture_output=True, text=True)
        assert (ended.returncode, ended.stderr) == (0, "")
    yield NAME
    roles.drop_database(os.environ[SUPERUSER], NAME)


_SECRETS = {"OWNER_PASSWORD": "DATABASE_OWNER_URL", "APP_PASSWORD": "DATABASE_URL"}


def test_the_owner_makes_tables_and_the_app_uses_them(made: str) -> None:
    owner, app = (roles.connect(with_database(os.environ[url], made)) for url in _SECRETS.values())
    with owner.cursor() as cursor:
        cursor.execute("CREATE SCHEMA acme; CREATE TABLE acme.thing (id int)")
    with app.cursor() as cursor:
        cursor.execute("INSERT INTO acme.thing VALUES (1)")
        for attack in ("CREATE TABLE acme.other (id int)", "TRUNCATE acme.thing", "CREATE SCHEMA mine"):
            with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                cursor.execute(attack)
    owner.close()
    app.close()
