"""`compose.yaml`: each container is told what it needs, and the passwords of the database reach nobody else (docs/operations.md)."""

import re
from typing import Any

import pytest
import yaml

from tests.support.servers import ROOT

READ = re.compile(r"""env(?:\.\w+)?\(\s*"([A-Z_]+)"|\$\{([A-Z_]+):-""")
NOT_IN_PRODUCTION = {"MAILBOX_URL"}
OWNERS = {"DATABASE_OWNER_URL", "PORTAL_DB_ROLE"}


@pytest.fixture(scope="module")
def services() -> dict[str, dict[str, Any]]:
    told: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    return told


def who_knows(services: dict[str, dict[str, Any]], secret: str) -> set[str]:
    return {name for name, service in services.items() if f"${{{secret}:?}}" in str(service)}


def test_each_password_of_the_database_is_known_to_who_needs_it_alone(services: dict[str, dict[str, Any]]) -> None:
    portal = {"web", "worker", "provisioning", "beat", "migrate"}

    assert who_knows(services, "POSTGRES_PASSWORD") == {"postgres", "roles"}
    assert who_knows(services, "OWNER_PASSWORD") == {"roles", "provisioning", "migrate"}
    assert who_knows(services, "APP_PASSWORD") == {"roles", *portal}
    assert [name for name, service in services.items() if "env_file" in service] == []


def test_every_setting_reaches_the_portal_by_its_name(services: dict[str, dict[str, Any]]) -> None:
    texts = [(ROOT / name).read_text() for name in ("billing_portal/settings.py", "script/container-start")]
    read = {first or second for text in texts for first, second in READ.findall(text)} - NOT_IN_PRODUCTION - OWNERS
    example = set(re.findall(r"^([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE)) - OWNERS

    assert set(services["web"]["environment"]) == read | {"PORTAL_DATA"}
    assert example - {"POSTGRES_PASSWORD", "OWNER_PASSWORD", "APP_PASSWORD"} <= set(services["web"]["environment"])
    for name in ("worker", "beat"):
        assert services[name]["environment"] == services["web"]["environment"]
    for name in ("provisioning", "migrate"):
        assert set(services[name]["environment"]) == set(services["web"]["environment"]) | OWNERS
