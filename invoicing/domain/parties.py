"""Whose call a record is: asked for a whole batch at once, never per record."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import repeat
from uuid import UUID

from django.db import connection

from billing_portal.kernel import phone
from billing_portal.kernel.folding import fold
from customers.domain import line_names, standing
from customers.models import AccountCode, Customer, Line
from invoicing.domain.records import CallRecord

COLUMNS = ("id", "name", "account_number", "status", "currency", "time_zone", "billing_type")
QUESTIONS = {
    "code": f"SELECT folded, customer_id, false, false FROM {AccountCode._meta.db_table} WHERE folded = ANY (%s) AND given_up_at IS NULL",
    "line": f"SELECT folded_name, customer_id, by_customer, on_net FROM {Line._meta.db_table} WHERE folded_name = ANY (%s)",
    "address": f"SELECT folded_address, customer_id, by_customer, false FROM {Line._meta.db_table} WHERE folded_address = ANY (%s)",
}

Row = tuple[str, UUID, bool, bool]


@dataclass(frozen=True)
class Lines:
    """Lines by their folded names: whose they are, which are on-net, and who has named a line so that is not."""

    owners: dict[str, set[UUID]]
    on_net: Collection[str]
    doubtful: dict[str, set[UUID]]

    def are_free(self, name: str) -> bool:
        """Whether a call to what was dialled is one to a line that is on-net (semantics 21)."""
        return fold(name) in self.on_net

    def in_doubt(self, to: str) -> Collection[UUID]:
        """The customers who chose for a line what was dialled, and staff have not said yet that it is on-net: it may be a public number."""
        return next((self.doubtful[fold(name)] for name in names_dialled(to) if fold(name) in self.doubtful), ())


@dataclass(frozen=True)
class Parties:
    """The customers a batch of records names, and the lines of the reseller it calls; names are folded."""

    customers: dict[UUID, Customer]
    owners: Sequence[UUID | None]
    by_account: dict[str, set[UUID]]
    lines: Lines
    by_address: dict[str, set[UUID]]

    def named_by(self, record: CallRecord) -> UUID | None:
        """The account decides, else the line, else the address; what staff gave to several customers decides nothing (contracts, Calls)."""
        owners = self.that_have(record)
        return next(iter(owners)) if len(owners) == 1 else None

    def that_have(self, record: CallRecord) -> Collection[UUID]:
        """The customers who have what the record names."""
        if record.account:
            return self.by_account.get(fold(record.account), ())
        return self.lines.owners.get(fold(record.line), ()) if record.line else self.by_address.get(fold(record.address), ())

    def in_words(self, customers: Collection[UUID]) -> str:
        """Their names."""
        return ", ".join(sorted(self.customers[key].name for key in customers))

    def of_each(self) -> Iterator[Customer | None]:
        """For each record in order the customer whose call it is, as it stands under its lock."""
        return (self.customers[owner] if owner else None for owner in self.owners)


def find(records: Sequence[CallRecord], known_owners: Sequence[UUID | None] = (), *, lock: bool = True) -> Parties:
    """Look up everything these records name, and lock the standings of their customers, in key order, before anything of a customer is read.

    `known_owners`: whose call each record was found to be when it came in, None where nobody was found. Only those are looked up: a number, line or
    address that has changed hands since changes nothing about a call that was made before.
    Without `lock` they are only read: for a price that is posted elsewhere.
    """
    accounts = _grouped(_named("code", _folded(record.account for record in records)))
    lines = _lines(_folded(record.line for record in records) | _folded(name for to in {record.to for record in records} for name in names_dialled(to)))
    addresses = _grouped(_named("address", _folded(record.address for record in records)))
    named = Parties({}, (), accounts, lines, addresses)
    owners = [owner or named.named_by(record) for record, owner in zip(records, known_owners or repeat(None, len(records)), strict=True)]
    asked = {owner for owner in owners if owner is not None}
    if lock:
        standing.lock_types(asked)
    told = [named.that_have(record) for record, owner in zip(records, owners, strict=True) if owner is None]
    return replace(named, owners=owners, customers=Customer.objects.only(*COLUMNS).in_bulk(list(asked.union(*told, *lines.doubtful.values()))))


def names_dialled(to: str) -> tuple[str, str]:
    """What a line may be called that was dialled so: the text as sent, then without dots, dashes and the like."""
    return to.strip(), phone.bare(to)


def lines_called(numbers: Iterable[str]) -> Lines:
    """The lines of this reseller that are named like these numbers."""
    return _lines(_folded(numbers))


def _lines(folded: Collection[str]) -> Lines:
    rows = _named("line", folded)
    on_net = {name for name, _customer, _by_customer, on_net in rows if on_net}
    doubtful: dict[str, set[UUID]] = defaultdict(set)
    for name, customer_id, _by_customer, _on_net in rows:
        if name not in on_net:
            doubtful[name].add(customer_id)
    return Lines(_grouped(rows), on_net, dict(doubtful))


def _folded(names: Iterable[str]) -> set[str]:
    return {fold(name) for name in set(names)} - {""}


def _named(what: str, folded: Collection[str]) -> list[Row]:
    """Folded name, customer, whether it chose the name, and whether calls to it are free; the names go as one array: thousands of parameters cost more."""
    if not folded:
        return []
    with connection.cursor() as cursor:
        cursor.execute(QUESTIONS[what], [list(folded)])
        found: list[Row] = cursor.fetchall()
    return found


def _grouped(rows: Iterable[Row]) -> dict[str, set[UUID]]:
    return line_names.owners((name, customer_id, by_customer) for name, customer_id, by_customer, _on_net in rows)
