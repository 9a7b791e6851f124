"""Whose call a record is: asked for a whole batch at once, never per record."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import repeat
from uuid import UUID

from django.db import connection

from billing_portal.kernel import phone
from customers.domain import standing
from customers.models import AccountCode, Customer, Line
from invoicing.domain.records import CallRecord

COLUMNS = ("id", "name", "account_number", "status", "currency", "time_zone", "billing_type")


@dataclass(frozen=True)
class Parties:
    """The customers a batch of records names, and the lines of the reseller it calls; names are compared in lower case."""

    customers: dict[UUID, Customer]
    owners: Sequence[UUID | None]
    by_account: dict[str, UUID]
    by_line: dict[str, set[UUID]]
    by_address: dict[str, set[UUID]]

    def named_by(self, record: CallRecord) -> UUID | None:
        """The account decides, else the line, else the address; a line or address of several customers decides nothing (contracts, Calls)."""
        if record.account:
            return self.by_account.get(record.account.lower())
        owners = self.by_line.get(record.line.lower(), set()) if record.line else self.by_address.get(record.address.lower(), set())
        return next(iter(owners)) if len(owners) == 1 else None

    def of_each(self) -> Iterator[Customer | None]:
        """For each record in order the customer whose call it is, as it stands under its lock."""
        return (self.customers[owner] if owner else None for owner in self.owners)

    def is_line(self, name: str) -> bool:
        """True when the number dialled is a line of this reseller."""
        return name.lower() in self.by_line


def find(records: Sequence[CallRecord], known_owners: Sequence[UUID | None] = (), *, lock: bool = True) -> Parties:
    """Look up everything these records name, and lock the standings of their customers, in key order, before anything of a customer is read.

    `known_owners`: whose call each record was found to be when it came in, None where nobody was found. Only those are looked up: a number, line or
    address that has changed hands since changes nothing about a call that was made before.
    Without `lock` they are only read: for a price that is posted elsewhere.
    """
    accounts = _accounts({record.account.lower() for record in records if record.account})
    dialled = {name.lower() for to in {record.to for record in records} for name in names_dialled(to)}
    lines = _lines({record.line.lower() for record in records if record.line} | dialled)
    addresses = _addresses({record.address.lower() for record in records if record.address})
    named = Parties({}, (), accounts, lines, addresses)
    owners = [owner or named.named_by(record) for record, owner in zip(records, known_owners or repeat(None, len(records)), strict=True)]
    asked = {owner for owner in owners if owner is not None}
    if lock:
        standing.lock_types(asked)
    return replace(named, owners=owners, customers=Customer.objects.only(*COLUMNS).in_bulk(list(asked)))


def names_dialled(to: str) -> tuple[str, str]:
    """What a line may be called that was dialled so: the text as sent, then without dots, dashes and the like."""
    return to.strip(), phone.bare(to)


def _accounts(codes: set[str]) -> dict[str, UUID]:
    return dict(_named(AccountCode, "code", codes, "AND given_up_at IS NULL"))


def _lines(names: set[str]) -> dict[str, set[UUID]]:
    return _grouped(_named(Line, "name", names))


def _addresses(addresses: set[str]) -> dict[str, set[UUID]]:
    return _grouped(_named(Line, "address", addresses))


def _named(model: type[AccountCode | Line], column: str, wanted: set[str], also: str = "") -> list[tuple[str, UUID]]:
    """Name in lower case and customer of the rows so named; the names go as one array, since thousands of parameters cost more than the answer."""
    if not wanted:
        return []
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT lower("{column}"), customer_id FROM "{model._meta.db_table}" WHERE lower("{column}") = ANY (%s) {also}', [list(wanted)])
        found: list[tuple[str, UUID]] = cursor.fetchall()
    return found


def _grouped(rows: Iterable[tuple[str, UUID]]) -> dict[str, set[UUID]]:
    found: dict[str, set[UUID]] = defaultdict(set)
    for name, customer_id in rows:
        found[name].add(customer_id)
    return dict(found)
