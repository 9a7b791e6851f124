"""Files of every kind, by every address that answers with one: their own reseller's people get them, nobody elsewhere does (reliability 52, 60)."""

from __future__ import annotations

from collections.abc import Iterator
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


def browser_for(address: Address, of: Furnished, name: str = "Anna") -> Client:
    """Whoever may open the most: an administrator of the staff, or of the customer's people."""
    return of.browser(of.people[name, Role.ACCOUNT_ADMIN] if address.audience == "people" else of.staff[Role.ADMINISTRATOR])


def content_of(answer: Any) -> bytes:
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


def test_the_addresses_that_answer_with_files_are_found_by_their_views() -> None:
    found = {address.name for address in with_files()}

    assert {"web:logo", "rateplans:download", "invoicing:calls-csv", "invoicing:my-document-pdf", "invoicing:statement"} <= found
    assert not {"invoicing:document", "customers:list"} & found


def test_no_file_of_one_reseller_is_handed_out_at_another(resellers: Resellers) -> None:
    acme, wrong = resellers["acme"], []
    connection.set_tenant(acme.reseller())
    with transaction.atomic(), recording() as recorder:
        documents = every_kind.documents(acme)
        assert {document.kind for document in documents} == set(Document.DocumentKind)
        for number, (address, document) in enumerate(asked(documents)):
            path = path_of(address, acme, document)
            own: Any = browser_for(address, acme).get(path)
            content = content_of(own)
            wrong += [] if (own.status_code == 200) == (address.name not in OF_THE_PARENT) else [f"{path}: {own.status_code}"]
            for said, there in elsewhere(address, resellers, number):
                answer: Any = there.get(path)
                named = [name for _converter, name in address.arguments]
                refused = answer.status_code in REFUSED or (not named and content_of(answer) != content)
                recorder.answer(f"{path} at {said}", said.split()[-1], answer) if not answer.streaming else None
                wrong += [] if refused else [f"{path} at {said}: {answer.status_code}"]
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


def elsewhere(address: Address, resellers: Resellers, turn: int) -> list[tuple[str, Client]]:
    """Who has no business with Acme's files: the same person's likes at the other resellers, at the quick size one by turns, and another customer's."""
    others = [(f"the host of {schema}", browser_for(address, resellers[schema])) for schema in ("globex", "owner")]
    neighbour = [("Bob of acme", browser_for(address, resellers["acme"], "Bob"))] if address.audience == "people" and address.arguments else []
    return [*(others if FULL else others[turn % 2 : turn % 2 + 1]), *neighbour]
