from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from billing_portal.accounts.actor import Actor
from billing_portal.accounts.domain import keys, switches
from billing_portal.accounts.models import ApiKey, AuditEntry, Switch
from billing_portal.kernel.errors import DomainError

boss = Actor.program("boss")


def test_a_key_is_found_by_its_secret_which_is_stored_nowhere(acme: Any, noon: datetime) -> None:
    key, secret = keys.make(switches.ensure_default(), ["calls:write"], actor=boss, at=noon)
    found = keys.find(secret)

    assert found == key
    assert (found.switch.name, found.scopes, found.made_by) == ("default", ["calls:write"], "boss")
    assert secret.startswith(key.prefix)
    assert secret not in str(ApiKey.objects.values_list().get())
    assert secret not in str(AuditEntry.objects.filter(action="key.created").values_list().get())


@pytest.mark.rel(96)
def test_a_revoked_key_is_worthless_at_once(acme: Any, noon: datetime) -> None:
    key, secret = keys.make(switches.ensure_default(), ["calls:write"], actor=boss, at=noon)
    keys.revoke(key, actor=boss, at=noon)

    assert keys.find(secret) is None
    assert AuditEntry.objects.filter(action="key.revoked").count() == 1


@pytest.mark.rel(96)
def test_a_key_of_acme_is_worthless_at_globex(acme: Any, noon: datetime) -> None:
    _key, secret = keys.make(switches.ensure_default(), ["calls:write"], actor=boss, at=noon)
    connection.set_schema("globex")

    assert keys.find(secret) is None


@pytest.mark.parametrize("scopes", [[], ["everything"], ["calls:write", "everything"]])
def test_unknown_scopes_are_refused(acme: Any, noon: datetime, scopes: list[str]) -> None:
    with pytest.raises(DomainError, match="scope_unknown"):
        keys.make(switches.ensure_default(), scopes, actor=boss, at=noon)


def test_use_is_remembered_to_the_minute(acme: Any, noon: datetime) -> None:
    key, _secret = keys.make(switches.ensure_default(), ["calls:write"], actor=boss, at=noon)
    seen = []
    for seconds in (0, 30, 90):
        keys.used(key, at=noon + timedelta(seconds=seconds))
        key.refresh_from_db()
        seen.append(key.last_used_at)

    assert seen == [noon, noon, noon + timedelta(seconds=90)]


def test_every_reseller_has_one_switch_named_default(acme: Any) -> None:
    assert switches.ensure_default() == switches.ensure_default()
    assert Switch.objects.filter(name="default").count() == 1


@pytest.mark.parametrize("same", ["fsw-1", "FSW-1", " fsw-1 "])
def test_switch_names_are_unique(acme: Any, noon: datetime, same: str) -> None:
    switches.create("fsw-1", "", actor=boss, at=noon)

    with pytest.raises(DomainError, match="switch_taken"):
        switches.create(same, "", actor=boss, at=noon)
