"""Methods that no page has are answered alike for what is one's own, what is another's and what is nowhere (reliability 60, 62)."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.db import transaction

from tests.isolation.actors import ASKERS, Asker, same_cookies
from tests.isolation.arguments import OF_NOBODY, Belongings
from tests.isolation.furnished import Furnished
from tests.sizes import FULL, size
from tests.support import addresses
from tests.support.addresses import Address

pytestmark = [pytest.mark.django_db, pytest.mark.rel(60), pytest.mark.rel(62)]

METHODS = ("OPTIONS", "PATCH", "LOOK", "TRACE")
NOWHERE = {"account": "999999", "token": "x" * 43, "number": "ACM-2026-9999"}


@pytest.mark.parametrize("who", ["administrator", "account_admin", "nobody", "of another reseller"][: size(1, 4)])
def test_a_method_that_no_page_has_tells_nothing_of_what_is_there(resellers: dict[str, Furnished], who: str) -> None:
    asker, wrong = ASKERS[who](resellers), []
    own, alien = Belongings(resellers[asker.at], asker.own or "Anna"), Belongings(resellers[asker.schemas[0]], "Anna")
    with_ids = [address for address in addresses.every() if address.arguments and not {name for _converter, name in address.arguments} & set(OF_NOBODY)]
    for number, address in enumerate(with_ids[:: size(2, 1)]):
        for method in METHODS if FULL else METHODS[number % 4 : number % 4 + 1]:
            said = {kind: answer_to(asker, method, path) for kind, path in paths(address, own, alien).items()}
            wrong += [] if len(set(said.values())) == 1 else [f"{method} {address}: {said}"]

    assert not wrong, "\n".join(wrong)


def paths(address: Address, own: Belongings, alien: Belongings) -> dict[str, str]:
    return {"own": own.path(address), "another's": alien.path(address), "nowhere": address.filled(lambda converter, name: nowhere(converter, name))}


def nowhere(converter: str, name: str) -> object:
    return uuid.uuid4() if converter == "uuid" else NOWHERE.get(name, 1) if converter != "int" else 1


def answer_to(asker: Asker, method: str, path: str) -> tuple[Any, ...]:
    """What can be told from the answer: how it ended, which methods there are, where it leads and how much it says, the address itself aside."""
    with transaction.atomic(), same_cookies(asker.browser):
        answer: Any = asker.browser.generic(method, path)
        transaction.set_rollback(True)
    return (
        answer.status_code,
        answer.headers.get("Allow"),
        answer.headers.get("Location", "").replace(path, ""),
        len(answer.content.replace(path.encode(), b"")),
    )
