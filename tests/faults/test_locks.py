"""Money that crosses: no deadlock, and nobody waits for a lock longer than two seconds (reliability 45)."""

from __future__ import annotations

import random
from datetime import date
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django_tenants.utils import schema_context

from customers.domain import ledger
from customers.domain.ledger import Posting
from customers.models import BillingType, Customer, Kind, Transfer
from invoicing.domain import climb, credit_notes, invoices, ledger_check, payments, reversals
from invoicing.models import Call, CallKey, Document, Series
from tests import sizes
from tests.faults.crossing import Act, Crowd
from tests.support import tree, world
from tests.support.months import D, calls, local
from tests.support.tree import Tree
from tests.support.world import jane

THREADS = sizes.size(12, 50)
TURNS = sizes.size(4, 40)
CROWD = sizes.size(4, 10)
ROUNDS = sizes.size(1, 12)  # in each of which each of the crowd goes every way that money goes, in an order of its own
NOW = local("2026-11-02 09:00")
NOVEMBER = date(2026, 11, 1)


def posting(of: Customer, key: str) -> Posting:
    kind, amount = (Kind.PAYMENT, D("3.00")) if key.endswith("0") else (Kind.CHARGE, D("1.000001"))
    return Posting(kind, of, amount, key, NOW)


def post(chosen: list[Customer], key: str) -> None:
    ledger.post_many([posting(each, f"{key}:{place}") for place, each in enumerate(chosen)], at=NOW, actor=jane)


@pytest.mark.rel(45)
@pytest.mark.django_db(transaction=True)
def test_transfers_that_cross_never_wait_for_each_other_in_a_ring(acme: Any) -> None:
    customers = [world.customer(f"Customer {number}") for number in range(8)]

    def turns(number: int) -> list[Act]:
        luck = random.Random(number)
        return [partial(post, luck.sample(customers, 4), f"{number}:{turn}") for turn in range(TURNS)]

    crowd = Crowd([turns(number) for number in range(THREADS)])
    crowd.work()

    crowd.assert_nobody_waited_in_a_ring_or_too_long()
    assert Transfer.objects.count() == 4 * THREADS * TURNS
    assert ledger_check.check().differences == []


def pay(of: Customer, key: str) -> None:
    payments.record(of, D("3.00"), reference="", actor=jane, at=NOW, key=key)


def credit(document: Document, key: str) -> None:
    credit_notes.issue(document, reason="Billed by mistake", actor=jane, at=NOW, key=key)


def charge_by_mistake(of: Customer, key: str) -> None:
    charge = ledger.post(Kind.CHARGE, of, D("2.00"), at=NOW, actor=jane, key=key, about=("charge", of.pk))
    reversals.take_back(charge, reason="A slip", actor=jane, at=NOW)


class Ways:
    """Every way money goes at Acme, over the rows of the same few customers, of which one is the reseller below."""

    def __init__(self, three: Tree) -> None:
        self.three = three
        vat = world.vat("20")
        self.after = [three.globex, *(world.customer(f"Customer {number}", taxes=(vat,)) for number in range(5))]
        self.before = [world.customer(f"Prepaid {number}", taxes=(vat,), billing_type=BillingType.PREPAID) for number in range(2)]
        total = CROWD * ROUNDS
        self.billed = [self._calls_of(f"Billed {number:03}") for number in range(total)]
        self.credited = invoices.issue_all(NOVEMBER, actor=jane, at=NOW, customer_ids=[self._calls_of(f"Credited {n:03}").pk for n in range(total)]).documents

    def _calls_of(self, name: str) -> Customer:
        made = world.customer(name)
        calls(made, "2026-10-05 09:00", price="1.2349")
        return made

    def acts(self, number: int) -> list[Act]:
        luck, chosen = random.Random(number), list[Act]()
        for turn in range(number * ROUNDS, (number + 1) * ROUNDS):
            some = luck.sample(self.after, 3)
            ways: list[Act] = [
                partial(post, some, f"cross:{turn}"),
                partial(self.issue, self.billed[turn], some),
                partial(pay, some[0], f"pay:{turn}"),
                partial(pay, luck.choice(self.before), f"top-up:{turn}"),
                partial(charge_by_mistake, some[1], f"slip:{turn}"),
                partial(credit, self.credited[turn], f"note:{turn}"),
                partial(self.climb, f"c{turn}"),
            ]
            chosen += luck.sample(ways, len(ways))
        return chosen

    def issue(self, billed: Customer, some: list[Customer]) -> None:
        issued = invoices.issue([billed.pk, *(each.pk for each in some)], NOVEMBER, actor=jane, at=NOW)
        assert billed in {document.customer for document in issued.documents}

    def climb(self, call_id: str) -> None:
        """A call comes in two levels below the owner, and goes all the way up."""
        with schema_context("globex"):
            tree.take([tree.call(self.three.anna, call_id)], NOW)
        for level in ("globex", "acme"):
            with schema_context(level):
                climb.climb(Call.objects.get(key_id=CallKey.objects.get(call_id=call_id).pk).batch_id, at=NOW)


@pytest.mark.rel(45)
@pytest.mark.django_db(transaction=True)
def test_invoices_payments_top_ups_credit_notes_and_climbs_that_cross_never_wait_for_each_other_in_a_ring(acme: Any) -> None:
    three = tree.plant()
    connection.set_tenant(acme)
    ways, total = Ways(three), CROWD * ROUNDS
    crowd = Crowd([ways.acts(number) for number in range(CROWD)])
    crowd.work()

    crowd.assert_nobody_waited_in_a_ring_or_too_long()
    kinds = [Document.DocumentKind.CREDIT_NOTE, Document.DocumentKind.RECEIPT]
    assert [Document.objects.filter(kind=kind).count() for kind in kinds] == [total, total]
    assert Document.objects.filter(customer__in=ways.billed).count() == total
    for series in Series.objects.all():
        assert sorted(Document.objects.filter(series=series).values_list("sequence", flat=True)) == list(range(1, series.next_number))
    tree.work()  # what climbed is owed as well, and climbs once
    with schema_context("owner"):
        assert Call.objects.count() == total
    assert tree.differences() == []
