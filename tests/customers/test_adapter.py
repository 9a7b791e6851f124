"""What sign-in asks about customers: a locked one's people stay out, whatever they show (semantics 30)."""

import json
from datetime import datetime
from typing import Any

import pytest
from django.utils import timezone

from billing_portal.accounts.actor import Actor
from billing_portal.accounts.domain import passkeys
from billing_portal.accounts.domain.passkeys import Site
from customers.domain import locks
from customers.models import Customer, Lock
from tests.support.people import client
from tests.support.second_factors import is_signed_in
from tests.support.soft_passkey import SoftPasskey
from tests.support.world import jane

SITE = Site("acme.localhost", "http://acme.localhost", "Acme")


@pytest.mark.parametrize("locked", [False, True])
def test_a_passkey_does_not_open_what_the_lock_shut(anna: Customer, noon: datetime, locked: bool) -> None:
    ann, key = anna.people.get().user, SoftPasskey()
    options, state = passkeys.ask_to_add(ann, site=SITE)
    passkeys.add(ann, "", key.make(options), site=SITE, state=state, actor=Actor.of(ann), at=timezone.now())
    if locked:
        locks.set(anna, Lock.Reason.ADMIN, Lock.Scope.WEB, actor=jane, at=noon)
    browser = client()
    asked: Any = browser.get("/sign-in/passkey/").json()
    answer = browser.post("/sign-in/passkey/", {"answer": json.dumps(key.sign(asked))})

    assert is_signed_in(browser) is not locked
    assert ("Sign-in is locked for your company." in answer.content.decode()) is locked
