"""Every address of the resolver, asked by everybody, with ids of their own and of others (reliability 60, 62, 63, 65, 79).

What is foreign is not there (404), or not for this role (403); nothing of anybody else changes, no answer holds a word of theirs, nothing breaks.
A new address is swept as it is; one whose arguments cannot be filled fails.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection, transaction

from billing_portal.mail.models import MailLog
from tests.isolation.actors import ASKERS, Asker, same_cookies
from tests.isolation.arguments import Belongings, every_name
from tests.isolation.furnished import Furnished
from tests.isolation.headers import faults
from tests.isolation.recorder import Recorder, recording
from tests.isolation.watch import Watch
from tests.sizes import FULL
from tests.support import addresses
from tests.support.addresses import Address

pytestmark = [pytest.mark.django_db, pytest.mark.rel(60), pytest.mark.rel(61), pytest.mark.rel(62), pytest.mark.rel(79)]

METHODS = ("GET", "POST", "HEAD", "OPTIONS", "PATCH", "PUT", "DELETE", "LOOK")
TOLD_ABOVE = {("resellers:end", "owner.accounts_auditentry")}  # who of the parent is put out here is written down on both sides
NOT_THERE = {403, 404, 405}
SAME_FOR_ALL = {"end_session"}  # leads back to the list whether there is such a session of one's own or not
NAMES_A_ROW = {"account", "token"}
UNKNOWN_HERE = {302, 401, 404, 405, 204}


@dataclass(frozen=True)
class Try:
    """One request: whether something in its path belongs to somebody else, and what is sent with it."""

    method: str
    path: str
    foreign: str = ""
    body: str = ""


class Sweep:
    """All requests of one asker, and what was wrong with their answers."""

    def __init__(self, asker: Asker, resellers: dict[str, Furnished], recorder: Recorder) -> None:
        self.asker, self.recorder, self.wrong = asker, recorder, list[str]()
        here = resellers[asker.at]
        self.own = Belongings(here, asker.own or "Anna")
        self.neighbour = Belongings(here, "Bob" if self.own.name == "Anna" else "Anna")
        self.alien = Belongings(resellers[asker.schemas[0]], "Anna")
        self.bodies: dict[str, dict[str, Any]] = {"": {}, "alien": every_name(self.alien), "neighbour": every_name(self.neighbour)}
        self.frame = {"frame": asker.frame} if asker.frame else {}
        connection.set_schema_to_public()
        self.watch = Watch(asker.schemas, asked=here.schema, marks=self.neighbour.marks() if asker.own else ())

    def run(self, turn: int) -> None:
        """All addresses, or at the quick size each second one, which are others for the next asker."""
        for number, address in enumerate(addresses.every(), turn):
            for each in self.tries(address, number // 2) if FULL or number % 2 else ():
                self.ask(address, each)

    def tries(self, address: Address, turn: int) -> Iterator[Try]:
        """What is asked of one address: everything, or at the quick size one request of each sort, by turns, so that among them the askers try most of it."""
        for each in (list(self.of_own(address)), list(self.of_others(address))):
            yield from each if FULL else each[turn % len(each) : turn % len(each) + 1] if each else []

    def of_own(self, address: Address) -> Iterator[Try]:
        """What the asker may name, and in the body of a POST what they may not."""
        own = self.own.path(address)
        for body in ("alien", "neighbour") if self.asker.own else ("alien",):
            yield Try("GET", own)
            yield Try("POST", own, body=body)
        yield from (Try(method, own) for method in METHODS[2:])

    def of_others(self, address: Address) -> Iterator[Try]:
        """Nothing of this is there for the asker."""
        for foreign, path in self.mixed(address):
            yield from (Try(method, path, foreign) for method in (METHODS if FULL else METHODS[:2]))

    def mixed(self, address: Address) -> Iterator[tuple[str, str]]:
        """The address with one or all of its ids belonging to somebody else."""
        ids = [name for converter, name in address.arguments if converter == "uuid" or name in NAMES_A_ROW or (converter, name) == ("path", "number")]
        for name in ids:
            yield f"{name} of another reseller", self.own.path(address, but=name, from_=self.alien)
            if self.asker.own or len(ids) > 1:
                yield f"{name} of another customer", self.own.path(address, but=name, from_=self.neighbour)
        if len(ids) > 1:
            yield "ids of another reseller", self.alien.path(address)
            if self.asker.own:
                yield "ids of another customer", self.neighbour.path(address)

    def ask(self, address: Address, each: Try) -> None:
        with transaction.atomic(), same_cookies(self.asker.browser):
            answer = self._send(each)
            text = self.recorder.answer(f"{each.method} {each.path}", self.asker.at, answer)
            touched = self.watch.touched()
            for schema in [schema for schema, table in self.watch.moved if table == MailLog._meta.db_table]:
                self.recorder.mails(schema)
            transaction.set_rollback(True)
        said = f"{each.method} {address}{' with ' + each.foreign if each.foreign else ''}{' and ids of the ' + each.body if each.body else ''}"
        changed = [f"changed {table}" for table in touched if (address.name, table) not in TOLD_ABOVE]
        problems = [*self._refusals(address, each, answer), *faults(address, answer), *changed]
        if answer.status_code >= 500:
            problems.append(f"{answer.status_code}: {getattr(answer, 'exc_info', text[:200])}")
        self.wrong += [f"{said}: {problem}" for problem in problems]

    def _send(self, each: Try) -> Any:
        browser = self.asker.browser
        if each.method != "POST":
            return browser.generic(each.method, each.path)
        return browser.post(each.path, urlencode({**self.frame, **self.bodies[each.body]}, doseq=True), content_type="application/x-www-form-urlencoded")

    def _refusals(self, address: Address, each: Try, answer: Any) -> Iterator[str]:
        status = answer.status_code
        if not self.asker.signed_in and address.audience not in {"public", "library"}:
            led = status != 302 or answer.headers["Location"].startswith("/sign-in/")
            if status not in UNKNOWN_HERE or not led:
                yield f"open to nobody, yet {status}"
        elif each.foreign and address.audience != "public" and address.name not in SAME_FOR_ALL and status not in NOT_THERE:
            yield f"answered with {status}"
        if each.method in METHODS[4:] and status not in {*NOT_THERE, *UNKNOWN_HERE, 403}:
            yield f"{each.method} answered with {status}"


@pytest.mark.parametrize("who", ASKERS)
def test_nobody_sees_or_changes_what_belongs_to_others(resellers: dict[str, Furnished], who: str) -> None:
    asker = ASKERS[who](resellers)
    with recording(asker.home) as recorder:
        sweep = Sweep(asker, resellers, recorder)
        sweep.run(list(ASKERS).index(who))

    assert not sweep.wrong, "\n".join(sweep.wrong)
    assert not recorder.leaks, "\n".join(recorder.leaks)


SPOOFED = {
    "x-role": "administrator",
    "x-forwarded-user": "jane",
    "remote-user": "jane",
    "x-reseller": "globex",
    "x-forwarded-host": "globex.localhost",
    "x-original-url": "/settings/staff/",
    "x-http-method-override": "DELETE",
}


@pytest.mark.rel(65)
@pytest.mark.parametrize("who", ["nobody", "account_user"])
def test_no_address_and_no_header_gives_a_role(resellers: dict[str, Furnished], who: str) -> None:
    """What the address or a header claims changes no answer: the role comes from the session alone."""
    asker = ASKERS[who](resellers)
    own = Belongings(resellers["acme"], "Anna")
    claims = "?role=administrator&is_staff=1&user=jane&reseller=globex&schema=globex&admin=true"
    for address in list(addresses.every())[:: 1 if FULL else 3]:
        path = own.path(address)
        with transaction.atomic(), same_cookies(asker.browser):
            plain, claimed = asker.browser.get(path), asker.browser.get(path + claims, headers=SPOOFED)
            transaction.set_rollback(True)
        assert (claimed.status_code, _role(claimed)) == (plain.status_code, _role(plain)), address


@pytest.mark.rel(65)
@pytest.mark.parametrize(
    "path", ["/api/system/", "/api/v1/admin/", "/admin/", "/api/v1/users/", "/system/", "/api/admin/staff/", "/.env", "/static/../settings.py"]
)
def test_there_is_no_back_door(resellers: dict[str, Furnished], path: str) -> None:
    assert {resellers["acme"].browser().get(path, headers=SPOOFED).status_code, resellers["acme"].browser().post(path).status_code} <= {404, 405}


def _role(answer: Any) -> Any:
    return answer.wsgi_request.viewer.role
