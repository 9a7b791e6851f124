"""The two database roles: the owner changes schemas, the app owns nothing, so it can drop no trigger and truncate no ledger."""

from urllib.parse import unquote, urlsplit

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import connection as Connection

from billing_portal.local.processes import LocalError

OWNER, APP = "portal_owner", "portal_app"
DEFAULT_PRIVILEGES = (
    "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} GRANT USAGE ON SCHEMAS TO {app}",
    "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {app}",
    "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} GRANT USAGE, SELECT ON SEQUENCES TO {app}",
)


def connect(url: str) -> Connection:
    """A connection that commits each statement by itself."""
    line = psycopg2.connect(url)
    line.autocommit = True
    return line


def create(superuser_url: str, passwords: dict[str, str]) -> None:
    """Make both roles with these passwords, or give them these passwords when they exist."""
    line = connect(superuser_url)
    try:
        with line.cursor() as cursor:
            for role, password in passwords.items():
                cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
                verb = sql.SQL("ALTER" if cursor.fetchone() else "CREATE")
                cursor.execute(sql.SQL("{} ROLE {} LOGIN PASSWORD {}").format(verb, sql.Identifier(role), sql.Literal(password)))
    finally:
        line.close()


def create_database(superuser_url: str, name: str, *, template: str | None = None) -> bool:
    """Make a database of the owner that the app may only connect to; tells whether it is new."""
    line = connect(superuser_url)
    try:
        with line.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
            if cursor.fetchone():
                return False
            source = sql.SQL(" TEMPLATE {}").format(sql.Identifier(template)) if template else sql.SQL("")
            cursor.execute(sql.SQL("CREATE DATABASE {} OWNER {}{}").format(sql.Identifier(name), sql.Identifier(OWNER), source))
            cursor.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(name)))
            cursor.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(sql.Identifier(name), sql.Identifier(APP)))
            return True
    finally:
        line.close()


def drop_database(superuser_url: str, name: str) -> None:
    line = connect(superuser_url)
    try:
        with line.cursor() as cursor:
            cursor.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
    finally:
        line.close()


def grant_defaults(url: str, owner: str, app: str) -> None:
    """Give the app its rights on whatever the owner makes later in this database."""
    line = connect(url)
    try:
        with line.cursor() as cursor:
            for statement in DEFAULT_PRIVILEGES:
                cursor.execute(sql.SQL(statement).format(owner=sql.Identifier(owner), app=sql.Identifier(app)))
    finally:
        line.close()


def prepare_external(owner_url: str, app_url: str) -> None:
    """Make the app's role on a server of somebody's own when the owner may and it is missing, and grant it its rights."""
    owner, app = (unquote(urlsplit(url).username or "") for url in (owner_url, app_url))
    if not owner or not app or owner == app:
        raise LocalError("DATABASE_URL and DATABASE_OWNER_URL must name two different users.")
    try:
        line = connect(owner_url)
    except psycopg2.OperationalError as error:
        raise LocalError(f"The database of DATABASE_OWNER_URL does not answer: {str(error).strip()}") from error
    line.close()
    try:
        connect(app_url).close()
    except psycopg2.OperationalError:
        _create_app(owner_url, app, unquote(urlsplit(app_url).password or ""))
        connect(app_url).close()
    grant_defaults(owner_url, owner, app)


def _create_app(owner_url: str, app: str, password: str) -> None:
    try:
        create(owner_url, {app: password})
        line = connect(owner_url)
        with line.cursor() as cursor:
            cursor.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(sql.Identifier(line.info.dbname), sql.Identifier(app)))
        line.close()
    except psycopg2.Error as error:
        raise LocalError(f"The user {app} of DATABASE_URL cannot connect, and the owner may not make it: {str(error).strip()}") from error
