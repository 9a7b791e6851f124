"""Whose call a record is: asked for a whole batch at once, never per record."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import repeat
from uuid import UUID

from django.db import connection

from billing_portal.kernel import phone
from billing_portal.kernel.folding import fold
from customers.domain import standing, tenures
from customers.domain.tenures import FOREVER, Tenure
from customers.models import AccountCode, Customer, FormerLine, Line
from invoicing.domain import records
from invoicing.domain.records import CallRecord

COLUMNS = ("id", "name", "account_number", "status", "currency", "time_zone", "billing_type")
LINES = f"""SELECT {{0}}, customer_id, by_customer, since, NULL, on_net FROM {Line._meta.db_table} WHERE {{0}} = ANY (%(named)s) UNION ALL
            SELECT {{0}}, customer_id, by_customer, since, given_up_at, false FROM {FormerLine._meta.db_table} WHERE {{0}} = ANY (%(named)s)"""
QUESTIONS = {
    "code": f"SELECT folded, customer_id, false, since, given_up_at, false FROM {AccountCode._meta.db_table} WHERE folded = ANY (%(named)s)",
    "line": LINES.format("folded_name"),
    "address": LINES.format("folded_address"),
}

Held = Mapping[str, Sequence[Tenure]]
Row = tuple[str, UUID, bool, datetime, datetime | None, bool]


@dataclass(frozen=True)
class Lines:
    """Lines by their folded names: whose they are and were, which are on-net, and who has named a line so that is not."""

    held: Held
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
    """The customers a batch of records names or has named, and the lines of the reseller it calls; names are folded."""

    customers: dict[UUID, Customer]
    owners: Sequence[UUID | None]
    by_account: Held
    lines: Lines
    by_address: Held

    def named_by(self, record: CallRecord) -> UUID | None:
        """The account decides, else the line, else the address; what staff gave to several customers decides nothing (contracts, Calls)."""
        owners = self.that_have(record)
        return next(iter(owners)) if len(owners) == 1 else None

    def that_have(self, record: CallRecord) -> Collection[UUID]:
        """The customers who had what the record names when it was answered; one who alone ever had it has every call."""
        held = self._held(record)
        if len(held) == 1 and held[0].until == FOREVER:
            return (held[0].customer_id,)
        return tenures.owners(held, records.moment(record) or FOREVER) if held else ()

    def that_had(self, record: CallRecord) -> Collection[UUID]:
        """The customers who gave up what the record names before it was answered, the last ones."""
        return tenures.last_before(self._held(record), records.moment(record) or FOREVER)

    def _held(self, record: CallRecord) -> Sequence[Tenure]:
        if record.account:
            return self.by_account.get(fold(record.account), ())
        return self.lines.held.get(fold(record.line), ()) if record.line else self.by_address.get(fold(record.address), ())

    def in_words(self, customers: Collection[UUID]) -> str:
        """Their names."""
        return ", ".join(sorted(self.customers[key].name for key in customers))

    def of_each(self) -> Iterator[Customer | None]:
        """For each record in order the customer whose call it is, as it stands under its lock."""
        return (self.customers[owner] if owner else None for owner in self.owners)


def find(batch: Sequence[CallRecord], known_owners: Sequence[UUID | None] = (), *, lock: bool = True) -> Parties:
    """Look up everything these records name, and lock the standings of their customers, in key order, before anything of a customer is read.

    `known_owners`: whose call each record was found to be when it came in, None where nobody was found. Only those are looked up: a number, line or
    address that has changed hands since changes nothing about a call that was made before.
    Without `lock` they are only read: for a price that is posted elsewhere.
    """
    accounts = _grouped(_named("code", _folded(record.account for record in batch)))
    lines = _lines(_folded(record.line for record in batch) | _folded(name for to in {record.to for record in batch} for name in names_dialled(to)))
    addresses = _grouped(_named("address", _folded(record.address for record in batch)))
    named = Parties({}, (), accounts, lines, addresses)
    owners = [owner or named.named_by(record) for record, owner in zip(batch, known_owners or repeat(None, len(batch)), strict=True)]
    asked = {owner for owner in owners if owner is not None}
    if lock:
        standing.lock_types(asked)
    told = [customers for record, owner in zip(batch, owners, strict=True) if owner is None for customers in (named.that_have(record), named.that_had(record))]
    return replace(named, owners=owners, customers=Customer.objects.only(*COLUMNS).in_bulk(list(asked.union(*told, *lines.doubtful.values()))))


def names_dialled(to: str) -> tuple[str, str]:
    """What a line may be called that was dialled so: the text as sent, then without dots, dashes and the like."""
    return to.strip(), phone.bare(to)


def lines_called(numbers: Iterable[str]) -> Lines:
    """The lines of this reseller that are named like these numbers."""
    return _lines(_folded(numbers))


def _lines(folded: Collection[str]) -> Lines:
    rows = _named("line", folded)
    on_net = {name for name, *_others, on_net in rows if on_net}
    doubtful: dict[str, set[UUID]] = defaultdict(set)
    for name, customer_id, _chosen, _since, until, _on_net in rows:
        if until is None and name not in on_net:
            doubtful[name].add(customer_id)
    return Lines(_grouped(rows), on_net, dict(doubtful))


def _folded(names: Iterable[str]) -> set[str]:
    return {fold(name) for name in set(names)} - {""}


def _named(what: str, folded: Collection[str]) -> list[Row]:
    """Folded name, customer, whether it chose the name, since and until when it had it, and whether calls to it are free.

    The names go as one array: thousands of parameters cost more.
    """
    if not folded:
        return []
    with connection.cursor() as cursor:
        cursor.execute(QUESTIONS[what], {"named": list(folded)})
        found: list[Row] = cursor.fetchall()
    return found


def _grouped(rows: Iterable[Row]) -> Held:
    held: dict[str, list[Tenure]] = defaultdict(list)
    for name, customer_id, chosen, since, until, _on_net in rows:
        held[name].append(Tenure(customer_id, chosen, since, until or FOREVER))
    return held
