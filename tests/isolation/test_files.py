"""Files of every kind, by every address that answers with one: their own reseller's people get them, nobody elsewhere does (reliability 52, 60)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client

from billing_portal.accounts.models import Role
from invoicing.models import Document
from tests.isolation import every_kind, files
from tests.isolation.arguments import OF_NOBODY, Belongings
from tests.isolation.furnished import Furnished
from tests.isolation.recorder import recording
from tests.sizes import FULL
from tests.support import addresses
from tests.support.addresses import Address

pytestmark = [pytest.mark.django_db, pytest.mark.rel(52), pytest.mark.rel(60)]

UPLOADED = {"rateplans:import-preview"}  # a page that shows what stands in a file that was sent in
OF_THE_PARENT = {"invoicing:parent-document-pdf", "invoicing:parent-document-sheet"}  # no document of the parent about Acme is furnished: nobody gets one
REFUSED = {403, 404}

Resellers = dict[str, Furnished]


def with_files() -> list[Address]:
    return [*files.every(), *(address for address in addresses.every() if address.name in UPLOADED)]


@dataclass
class Browsers:
    """Those who may open the most: an administrator of the staff, or of a customer's people; each signs in once."""

    resellers: Resellers
    kept: dict[tuple[str, str], Client] = field(default_factory=dict)

    def of(self, address: Address, schema: str, name: str = "Anna") -> Client:
        who, there = (name if address.audience == "people" else "staff"), self.resellers[schema]
        if (schema, who) not in self.kept:
            self.kept[schema, who] = there.browser(there.staff[Role.ADMINISTRATOR] if who == "staff" else there.people[who, Role.ACCOUNT_ADMIN])
        return self.kept[schema, who]

    def elsewhere(self, address: Address, turn: int) -> list[tuple[str, Client]]:
        """Who has no business with Acme's files: their likes at the other resellers, at the quick size one by turns, and at another customer."""
        others = [(schema, self.of(address, schema)) for schema in ("globex", "owner")]
        neighbour = [("acme", self.of(address, "acme", "Bob"))] if address.audience == "people" and address.arguments else []
        return [*(others if FULL else others[turn % 2 : turn % 2 + 1]), *neighbour]


def content_of(answer: Any) -> bytes:
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


def test_the_addresses_that_answer_with_files_are_found_by_their_views() -> None:
    found = {address.name for address in with_files()}

    assert {"web:logo", "rateplans:download", "invoicing:calls-csv", "invoicing:my-document-pdf", "invoicing:statement"} <= found
    assert not {"invoicing:document", "customers:list"} & found


def test_no_file_of_one_reseller_is_handed_out_at_another(resellers: Resellers) -> None:
    acme, browsers, wrong = resellers["acme"], Browsers(resellers), list[str]()
    connection.set_tenant(acme.reseller())
    with transaction.atomic(), recording() as recorder:
        documents = every_kind.documents(acme)
        assert {document.kind for document in documents} == set(Document.DocumentKind)
        for number, (address, document) in enumerate(asked(documents)):
            path = path_of(address, acme, document)
            own: Any = browsers.of(address, "acme").get(path)
            content = content_of(own)
            if (own.status_code == 200) != (address.name not in OF_THE_PARENT):
                wrong.append(f"{path} is {own.status_code} to its own")
            for schema, there in browsers.elsewhere(address, number):
                answer: Any = there.get(path)
                refused = answer.status_code in REFUSED or (not address.arguments and content_of(answer) != content)
                wrong += [] if refused else [f"{path} at {schema}: {answer.status_code}"]
                if not answer.streaming:
                    recorder.answer(path, schema, answer)
        transaction.set_rollback(True)

    assert not wrong, "\n".join(wrong)
    assert not recorder.leaks, "\n".join(recorder.leaks)


def asked(documents: list[Document]) -> Iterator[tuple[Address, Document]]:
    """Every address, with each document where it names one; a customer's people are Anna's, to whom the first two belong."""
    for address in with_files():
        names = {name for _converter, name in address.arguments}
        if not names & set(OF_NOBODY):
            of_document = address.name.startswith("invoicing:") and "number" in names
            mine = documents[:2] if address.audience == "people" else documents
            yield from product([address], mine if of_document else documents[:1])


def path_of(address: Address, of: Furnished, document: Document) -> str:
    own = Belongings(of, "Anna")
    is_document = address.name.startswith("invoicing:")
    return address.filled(lambda converter, name: document.number if is_document and name == "number" else own.value(address, converter, name))
