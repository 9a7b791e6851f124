"""Both servers with their roles and database: embedded where the environment names none."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psycopg2

from billing_portal.local import postgres, processes, redis, roles, write_private
from billing_portal.local.postgres import Postgres
from billing_portal.local.processes import Child, LocalError
from billing_portal.local.redis import Redis

DATABASE_URLS = ("DATABASE_URL", "DATABASE_OWNER_URL")


@dataclass(frozen=True)
class Servers:
    """What runs for us, if anything, and the secrets of the data folder."""

    database: Postgres | None
    broker: Redis | None
    given: Mapping[str, str]
    keys: Mapping[str, str]

    @property
    def superuser_url(self) -> str:
        if self.database is None:
            raise LocalError("Only the embedded Postgres can be reached as its superuser.")
        return self.database.url("postgres", database="postgres")

    @property
    def children(self) -> list[Child]:
        return [server.child for server in (self.broker, self.database) if server is not None]

    def environment(self, database: str = postgres.DATABASE) -> dict[str, str]:
        """The addresses that the settings read."""
        found = {name: self.given[name] for name in (*DATABASE_URLS, "REDIS_URL") if name in self.given}
        if self.database is not None:
            found["DATABASE_URL"] = self.database.url(roles.APP, self.keys[roles.APP], database)
            found["DATABASE_OWNER_URL"] = self.database.url(roles.OWNER, self.keys[roles.OWNER], database)
        if self.broker is not None:
            found["REDIS_URL"] = self.broker.url
        return found

    def stop(self) -> None:
        processes.stop(self.children)


def start(data: Path, *, given: Mapping[str, str] | None = None, for_tests: bool = False) -> Servers:
    """Start what `given` names no address of, on a data folder whose lock the caller holds, and make the two roles."""
    external = {name: value for name, value in (given or {}).items() if value and name in (*DATABASE_URLS, "REDIS_URL")}
    if len(external.keys() & set(DATABASE_URLS)) == 1:
        raise LocalError("DATABASE_URL and DATABASE_OWNER_URL belong together: give both or neither.")
    data = data.resolve()
    keys, logs = secrets_of(data), data / "logs"
    database = None if "DATABASE_URL" in external else postgres.start(data, logs, for_tests=for_tests)
    try:
        if database is not None:
            roles.create(database.url("postgres", database="postgres"), {role: keys[role] for role in (roles.OWNER, roles.APP)})
        broker = None if "REDIS_URL" in external else redis.start(data, logs, keys["redis"])
    except BaseException:
        processes.stop([database.child] if database is not None else [])
        raise
    return Servers(database, broker, external, keys)


def prepare_database(servers: Servers, *, anew: bool) -> bool:
    """Make the portal's database where it is missing and give the app its rights; tells whether no reseller is in it yet.

    With `anew` an embedded database that is there is dropped first (its sample world was never finished).
    """
    if servers.database is None:
        roles.prepare_external(servers.given["DATABASE_OWNER_URL"], servers.given["DATABASE_URL"])
        return not _has_resellers(servers.given["DATABASE_OWNER_URL"])
    if anew:
        roles.drop_database(servers.superuser_url, postgres.DATABASE)
    roles.create_database(servers.superuser_url, postgres.DATABASE)
    url = servers.database.url("postgres")
    roles.grant_defaults(url, roles.OWNER, roles.APP)
    return not _has_resellers(url)


def secrets_of(data: Path) -> dict[str, str]:
    """The random passwords and the signing key of a data folder, made once and readable by nobody else."""
    place = data / "secrets.json"
    found: dict[str, str] = json.loads(place.read_text()) if place.exists() else {}
    wanted = (roles.OWNER, roles.APP, "redis", "secret_key")
    if any(name not in found for name in wanted):
        found = {name: found.get(name) or secrets.token_urlsafe(48) for name in wanted}
        write_private(place, json.dumps(found, indent=1))
    return found


def _has_resellers(url: str) -> bool:
    line = roles.connect(url)
    try:
        with line.cursor() as cursor:
            cursor.execute("SELECT EXISTS (SELECT 1 FROM public.tenancy_reseller)")
            found: tuple[bool] | None = cursor.fetchone()
            return found is not None and found[0]
    except psycopg2.errors.UndefinedTable:
        return False
    finally:
        line.close()
