"""Both embedded servers with their roles and database, and the variables under which Django finds them."""

import json
import secrets
from dataclasses import dataclass
from pathlib import Path

from billing_portal.local import postgres, processes, redis, roles, write_private
from billing_portal.local.postgres import Postgres
from billing_portal.local.redis import Redis


@dataclass(frozen=True)
class Servers:
    """A running pair and the secrets of its data folder."""

    database: Postgres
    broker: Redis
    keys: dict[str, str]

    @property
    def superuser_url(self) -> str:
        return self.database.url("postgres", database="postgres")

    def environment(self, database: str = postgres.DATABASE) -> dict[str, str]:
        return {
            "DATABASE_URL": self.database.url(roles.APP, self.keys[roles.APP], database),
            "DATABASE_OWNER_URL": self.database.url(roles.OWNER, self.keys[roles.OWNER], database),
            "REDIS_URL": self.broker.url,
        }

    def stop(self) -> None:
        processes.stop([self.broker.child, self.database.child])


def start(data: Path, *, for_tests: bool = False) -> Servers:
    """Start both servers on a data folder and make the two roles; the caller holds the folder's lock."""
    keys, logs = secrets_of(data), data / "logs"
    database = postgres.start(data, logs, for_tests=for_tests)
    try:
        roles.create(database.url("postgres", database="postgres"), {role: keys[role] for role in (roles.OWNER, roles.APP)})
        return Servers(database, redis.start(data, logs, keys["redis"]), keys)
    except BaseException:
        processes.stop([database.child])
        raise


def create_database(servers: Servers) -> bool:
    """Make the portal's database with the app's rights; tells whether it is new."""
    new = roles.create_database(servers.superuser_url, postgres.DATABASE)
    roles.grant_defaults(servers.database.url("postgres"), roles.OWNER, roles.APP)
    return new


def secrets_of(data: Path) -> dict[str, str]:
    """The random passwords and the signing key of a data folder, made once and readable by nobody else."""
    place = data / "secrets.json"
    found: dict[str, str] = json.loads(place.read_text()) if place.exists() else {}
    wanted = (roles.OWNER, roles.APP, "redis", "secret_key")
    if any(name not in found for name in wanted):
        found = {name: found.get(name) or secrets.token_urlsafe(48) for name in wanted}
        write_private(place, json.dumps(found, indent=1))
    return found
