"""Whose call a record is: asked for a whole batch at once, never per record."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
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
    by_account: dict[str, UUID]
    by_line: dict[str, set[UUID]]
    by_address: dict[str, set[UUID]]

    def owner_of(self, record: CallRecord) -> UUID | None:
        """The account decides, else the line, else the address; a line or address of several customers decides nothing (contracts, Calls)."""
        if record.account:
            return self.by_account.get(record.account.lower())
        owners = self.by_line.get(record.line.lower(), set()) if record.line else self.by_address.get(record.address.lower(), set())
        return next(iter(owners)) if len(owners) == 1 else None

    def customer_of(self, record: CallRecord) -> Customer | None:
        """The customer whose call it is, as it stands under its lock."""
        owner = self.owner_of(record)
        return self.customers[owner] if owner else None

    def is_line(self, name: str) -> bool:
        """True when the number dialled is a line of this reseller."""
        return name.lower() in self.by_line


def find(records: Sequence[CallRecord]) -> Parties:
    """Look up everything these records name, and lock the standings of their customers, in key order, before anything of a customer is read."""
    accounts = _accounts({record.account.lower() for record in records if record.account})
    dialled = {name.lower() for to in {record.to for record in records} for name in names_dialled(to)}
    lines = _lines({record.line.lower() for record in records if record.line} | dialled)
    addresses = _addresses({record.address.lower() for record in records if record.address})
    known = Parties({}, accounts, lines, addresses)
    owners = {owner for owner in map(known.owner_of, records) if owner is not None}
    standing.lock_types(owners)
    known.customers.update(Customer.objects.only(*COLUMNS).in_bulk(list(owners)))
    return known


def names_dialled(to: str) -> tuple[str, str]:
    """What a line may be called that was dialled so: the text as sent, then without dots, dashes and the like."""
    return to.strip(), phone.bare(to)


def _accounts(codes: set[str]) -> dict[str, UUID]:
    return dict(_named(AccountCode, "code", codes))


def _lines(names: set[str]) -> dict[str, set[UUID]]:
    return _grouped(_named(Line, "name", names))


def _addresses(addresses: set[str]) -> dict[str, set[UUID]]:
    return _grouped(_named(Line, "address", addresses))


def _named(model: type[AccountCode | Line], column: str, wanted: set[str]) -> list[tuple[str, UUID]]:
    """Name in lower case and customer of the rows so named; the names go as one array, since thousands of parameters cost more than the answer."""
    if not wanted:
        return []
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT lower("{column}"), customer_id FROM "{model._meta.db_table}" WHERE lower("{column}") = ANY (%s)', [list(wanted)])
        found: list[tuple[str, UUID]] = cursor.fetchall()
    return found


def _grouped(rows: Iterable[tuple[str, UUID]]) -> dict[str, set[UUID]]:
    found: dict[str, set[UUID]] = defaultdict(set)
    for name, customer_id in rows:
        found[name].add(customer_id)
    return dict(found)
