"""The books of a few customers beside a model of them: what is done to both must come to the same, and the identity must hold (semantics 6)."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from itertools import count
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.db.models import Q, Sum
from django_tenants.utils import schema_context, tenant_context

from billing_portal.accounts.models import Switch
from billing_portal.jobs.domain import running
from billing_portal.jobs.models import Job
from billing_portal.kernel.errors import DomainError
from billing_portal.kernel.money import divide_half_up
from billing_portal.tenancy.models import Reseller, new_id
from customers.domain import customers, ledger
from customers.models import AccountKind, BillingType, Customer, Kind, Line, PlanAssignment, Standing, Transfer
from invoicing.domain import (
    calls,
    credit_notes,
    entries,
    givebacks,
    invoices,
    ledger_check,
    payments,
    rerating,
    reversals,
    settlements,
    waiting,
    wallet_debts,
    write_offs,
)
from invoicing.domain.entries import Entry, Scope
from invoicing.domain.records import CallRecord
from invoicing.domain.rerating import Named
from invoicing.domain.settlements import Way
from invoicing.models import Call, CallBatch, CallKey, Document, GiveBack, Payment, PriceChange, Taken, WaitingCall
from invoicing.queries import billed, credits, documents, movements
from invoicing.queries.movements import Movement
from rateplans.models import RatePlan, Tax
from tests.support import months, world
from tests.support.world import jane

D = Decimal
NONE = Decimal(0)
START = datetime(2026, 10, 5, 9, tzinfo=UTC)
LONDON = "442079460123"
PER_MINUTE = {"Cheap": D("0.06"), "Dear": D("0.1337")}
COST = D("0.0123")
SHOP, PARENT = "acme", "owner"
_numbers = count(1)

# Computed from the rows alone, in other words than `ledger_check` has: one question per step, of these customers only.
FIGURES = """
    WITH asked AS (SELECT unnest(%s::uuid[]) AS customer_id),
         side AS (
        SELECT moved.id, moved.customer_id, moved.kind, moved.reverses_id, credit.kind AS account, moved.amount AS amount
          FROM asked JOIN customers_transfer AS moved USING (customer_id)
          JOIN customers_account AS credit ON credit.id = moved.credit_id AND credit.customer_id IS NOT NULL
        UNION ALL
        SELECT moved.id, moved.customer_id, moved.kind, moved.reverses_id, debit.kind, -moved.amount
          FROM asked JOIN customers_transfer AS moved USING (customer_id)
          JOIN customers_account AS debit ON debit.id = moved.debit_id AND debit.customer_id IS NOT NULL),
         summed AS (
        SELECT side.customer_id,
               sum(amount) FILTER (WHERE account = 'wallet') AS wallet,
               sum(amount) FILTER (WHERE account = 'receivable') AS receivable,
               -sum(amount) FILTER (WHERE account = 'receivable' AND taken.id IS NULL
                                      AND kind IN ('usage', 'fee', 'charge', 'credit', 'adjustment')) AS unbilled,
               sum(amount) FILTER (WHERE account = 'receivable' AND kind IN ('payment', 'refund', 'chargeback', 'settle', 'write_off')) AS credits
          FROM side LEFT JOIN invoicing_taken AS taken ON taken.transfer_id = side.id GROUP BY side.customer_id),
         paper AS (
        SELECT document.customer_id, document.id, document.total, coalesce(sum(match.amount), 0) AS matched,
               coalesce(sum(match.amount) FILTER (WHERE match.credit_id IS NOT NULL), 0) AS paid
          FROM asked JOIN invoicing_document AS document USING (customer_id)
          LEFT JOIN invoicing_match AS match ON match.document_id = document.id
         WHERE document.kind = 'invoice' GROUP BY document.id),
         papers AS (
        SELECT customer_id, sum(total - matched) AS open, sum(paid) AS paid, min(least(matched, total - matched)) AS worst
          FROM paper GROUP BY customer_id),
         credits AS (
        SELECT side.customer_id, min(side.amount - coalesce(used.amount, 0)) AS worst
          FROM side LEFT JOIN LATERAL (SELECT sum(amount) AS amount FROM invoicing_match WHERE credit_id = side.id) AS used ON true
         WHERE side.account = 'receivable' AND side.amount > 0 AND used.amount IS NOT NULL GROUP BY side.customer_id)
    SELECT standing.customer_id, standing.wallet, standing.receivable, coalesce(summed.wallet, 0), coalesce(summed.receivable, 0),
           coalesce(summed.credits, 0) - coalesce(papers.paid, 0), coalesce(papers.open, 0), coalesce(summed.unbilled, 0),
           least(papers.worst, credits.worst, 0)
      FROM asked JOIN customers_standing AS standing USING (customer_id)
      LEFT JOIN summed USING (customer_id) LEFT JOIN papers USING (customer_id) LEFT JOIN credits USING (customer_id)
"""


def with_tax(waits: Collection[Movement]) -> Decimal:
    """What these come to with their taxes: VAT on everything but adjustments, the levy on fees alone."""
    taxed = [each for each in waits if each.kind != Kind.ADJUSTMENT]
    fees = [each for each in taxed if each.kind == Kind.FEE or each.about_kind in {"fee", "feature"}]
    tax = sum((each.amount for each in taxed), NONE) * D("0.2") + sum((each.amount for each in fees), NONE) * D("0.0725")
    return sum((each.amount for each in waits), NONE) + tax


def refused(codes: str, work: Callable[[], object]) -> None:
    """The verb refuses for one of these reasons."""
    with pytest.raises(DomainError, match=codes), transaction.atomic():
        work()


@dataclass
class Expected:
    """What one customer's books should say, told by what was done alone."""

    customer: Customer
    plans: list[tuple[datetime, str]]
    wallet: Decimal = NONE
    receivable: Decimal = NONE
    tax: Decimal = NONE
    paid: list[tuple[str, Decimal]] = field(default_factory=list)
    by_hand: list[UUID] = field(default_factory=list)
    calls: list[list[Any]] = field(default_factory=list)
    received: list[UUID] = field(default_factory=list)
    documents: set[UUID] = field(default_factory=set)
    noted: dict[UUID, Decimal] = field(default_factory=dict)
    credited: set[UUID] = field(default_factory=set)
    given_up: list[datetime] = field(default_factory=list)  # when, by the clock of this machine, which nobody sets meanwhile

    @property
    def is_prepaid(self) -> bool:
        return self.customer.billing_type == BillingType.PREPAID

    def move(self, amount: Decimal) -> None:
        """What the billing type decides gains this much (semantics 1)."""
        if self.is_prepaid:
            self.wallet += amount
        else:
            self.receivable += amount

    def shift(self, account: str, amount: Decimal) -> None:
        """One of its accounts gains this much, or what is owed to the tax office for what it paid in advance."""
        if account == AccountKind.WALLET:
            self.wallet += amount
        elif account == AccountKind.RECEIVABLE:
            self.receivable += amount
        elif account == AccountKind.TAX_PAYABLE:
            self.tax += amount

    def charge(self, record: CallRecord) -> None:
        """One more call."""
        assert record.answered_at is not None
        price = self.price(record.seconds or 0, record.answered_at)
        self.calls.append([record.answered_at, record.seconds or 0, price, record.call_id])
        self.move(-price)

    def price(self, seconds: int, at: datetime) -> Decimal:
        """By the plan valid at the answer, by the second, rounded once (semantics 18, 19)."""
        plan = [name for since, name in self.plans if since <= at][-1]
        return divide_half_up(PER_MINUTE[plan] * seconds, 60, 4)


@dataclass
class Books:
    """A reseller's plans and switch, its row at the parent, and how many steps were made; the customers are new in every example."""

    switch: Switch
    plans: dict[str, RatePlan]
    taxes: tuple[Tax, ...]
    above: Customer
    steps: int = 0
    examples: int = 0
    notes: int = 0

    @classmethod
    def open(cls) -> Books:
        with schema_context(PARENT):
            wholesale = world.plan("Wholesale", "GBP", {"44": ("United Kingdom", str(COST))})
            above = world.customer("Acme", on=wholesale, kind=Customer.CustomerKind.RESELLER, reseller_schema=SHOP, time_zone="UTC")
        plans = {name: world.plan(name, rates={"44": ("United Kingdom", str(price))}) for name, price in PER_MINUTE.items()}
        levy = Tax.objects.create(name="Levy", percent=D("7.25"), on_calls=False, on_products=False, on_charges=False)
        return cls(Switch.objects.get_or_create(name="default")[0], plans, (world.vat("20"), levy), above)

    def differences(self) -> list[str]:
        """What the whole check finds at both levels."""
        found = []
        for schema in (SHOP, PARENT):
            with tenant_context(Reseller.objects.get(schema_name=schema)):
                found += [f"{schema}: {each}" for each in ledger_check.check().differences]
        return found


class Story:
    """One example: two customers of their own, a clock, and the verbs; each verb is done to the books and to the model."""

    def __init__(self, books: Books) -> None:
        self.books = books
        self.now = START
        self.name = f"x{next(_numbers)}"
        self.keys = count(1)
        made = [
            world.customer(f"{self.name} {kind}", on=books.plans["Cheap"], billing_type=kind, taxes=books.taxes, since=date(2026, 10, 1), limit="100.00")
            for kind in (BillingType.POSTPAID, BillingType.PREPAID)
        ]
        self.whose = [Expected(each, [(datetime.min.replace(tzinfo=UTC), "Cheap")]) for each in made]
        self.sent: list[CallRecord] = []
        self.owed: list[str] = []
        self.written_off: set[UUID] = set()
        self.won: set[UUID] = set()
        self.touched: set[int] = set()

    def key(self) -> str:
        return f"{self.name}-{next(self.keys)}"

    def of(self, who: int) -> Expected:
        self.touched.add(who)
        return self.whose[who]

    def record(self, who: int, seconds: int, ago: timedelta, **given: Any) -> CallRecord:
        answered = self.now - ago
        fields: dict[str, Any] = {
            "account": self.whose[who].customer.account_number,
            "to": LONDON,
            "setup_at": answered,
            "answered_at": answered,
            "seconds": seconds,
        }
        return CallRecord(call_id=self.key(), **(fields | given))

    def send(self, records: list[CallRecord]) -> list[str]:
        told = calls.ingest(records, switch=self.books.switch, source=CallBatch.Source.API, actor=jane, at=self.now)
        return [answer.status for answer in told]

    def call(self, who: int, record: CallRecord) -> None:
        """A call that is new to the books, or one that a killed process did not get in."""
        known = self.of(who)
        assert set(self.send([record])) <= {"rated", "repeated"}
        known.charge(record)
        self.sent.append(record)

    def send_again(self, record: CallRecord) -> None:
        assert self.send([record]) == ["repeated"]
        self.touched |= {0, 1}

    def wait_and_rate_again(self, who: int, seconds: int) -> None:
        """A call from a line nobody has yet; once the customer has it, the call is rated."""
        known, line = self.of(who), f"line-{self.key()}"
        record = self.record(who, seconds, timedelta(minutes=1), account="", line=line)
        assert self.send([record]) == ["queued"]
        Line.objects.create(customer=known.customer, name=line)
        [waits] = WaitingCall.objects.filter(record__line=line).values_list("pk", flat=True)
        for expected in (1, 0):
            assert waiting.rate_again([waits], actor=jane, at=self.now).rated == expected
        known.charge(record)

    def pay(self, who: int, amount: Decimal, key: str) -> Payment:
        """Money received; the same key, whoever sent it before, moves it once."""
        known = self.of(who)
        paid = payments.record(known.customer, amount, reference="", actor=jane, at=self.now, key=key)
        tax = divide_half_up(amount * 20, 120, 2) if known.is_prepaid else D(0)
        known.move(amount - tax)
        known.tax += tax
        known.paid.append((key, amount))
        known.by_hand.append(paid.transfer_id)
        known.received.append(paid.transfer_id)
        return paid

    def pay_again(self, who: int, number: int) -> None:
        """The same form sent again moves nothing, and is told so when the payment was taken back or another amount stands in it."""
        known = self.of(who)
        if not known.paid:
            return
        key, amount = known.paid[number % len(known.paid)]
        again = partial(payments.record, known.customer, reference="", actor=jane, at=self.now, key=key)
        if Transfer.objects.filter(reverses__key=f"payment:{key}").exists():
            refused("taken_back", partial(again, amount))
        else:
            assert again(amount).gross == amount
        refused("key_reused", partial(again, amount + 1))

    def fee(self, who: int, amount: Decimal) -> None:
        """A fee as a schedule would post it."""
        known = self.of(who)
        ledger.post(Kind.FEE, known.customer, amount, at=self.now, actor=jane, key=self.key())
        known.move(-amount)

    def enter(self, who: int, entry: Entry, scope: Scope, amount: Decimal) -> None:
        """A charge, a credit or an adjustment; a wallet that has not enough refuses what takes."""
        known = self.of(who)
        takes = entry in entries.TAKES
        scope = Scope.CHARGE if takes else scope
        write = partial(entries.write, known.customer, entry, amount, note="by hand", scope=scope, actor=jane, at=self.now, key=self.key())
        if takes and known.is_prepaid and amount > known.wallet + known.customer.credit_limit:
            refused("no_funds", write)
            return
        known.by_hand.append(write().pk)
        known.move(-amount if takes else amount)

    def take_back_of_late(self, who: int, number: int) -> None:
        """What was moved by hand so many movements ago."""
        by_hand = self.whose[who].by_hand
        if by_hand:
            self.take_back(who, len(by_hand) - 1 - number % len(by_hand))

    def take_back(self, who: int, number: int) -> None:
        """A movement by hand is taken back, once; a payment of which something went back is not, nor what its invoice has answered."""
        known = self.of(who)
        transfer = Transfer.objects.select_related("customer", "debit", "credit").get(pk=known.by_hand[number])
        take = partial(reversals.take_back, transfer, reason="by mistake", actor=jane, at=self.now)
        together = transfer.kind == Kind.SETTLE or transfer.key.startswith(wallet_debts.PREFIX)
        beside = Q(key__startswith=transfer.key.rpartition(":")[0] + ":") if together else Q(pk=transfer.pk)
        beside |= Q(about_id=transfer.about_id, about_kind="payment")
        parts = credits.with_left(Transfer.objects.filter(beside, customer=known.customer, reverses=None).select_related("debit", "credit"))
        if any(part.drawn for part in parts):
            refused("given_back", take)
            return
        brought = sum((part.amount for part in parts if part.credit.kind == AccountKind.WALLET), NONE)
        if transfer.kind == Kind.SETTLE and brought > max(known.wallet, NONE):
            refused("wallet_used", take)
            return
        if transfer.pk in self.answered(known):
            refused("credited|written_off|debt_billed", take)
            return
        if transfer.key.startswith(wallet_debts.PREFIX) and not known.is_prepaid:
            refused("debt_billed", take)
            return
        spent = NONE if known.is_prepaid else max(brought - max(known.wallet, NONE), NONE)
        take()
        known.wallet += spent
        known.receivable -= spent
        assert take() == []
        known.by_hand.remove(transfer.pk)
        known.received = [each for each in known.received if each != transfer.pk]
        for part in parts:
            known.shift(part.debit.kind, part.amount)
            known.shift(part.credit.kind, -part.amount)

    def give_back(self, who: int, number: int, amount: Decimal, *, is_refund: bool) -> None:
        """A part of a payment goes back; a refund only of what is free, a chargeback whatever became of it, wherever it was settled to."""
        known = self.of(who)
        if not known.received:
            return
        payment = Payment.objects.select_related("transfer__customer", "transfer__credit").get(transfer_id=known.received[number % len(known.received)])
        amount = min(amount, payment.gross)
        main, *taxes = credits.parts_of(payment)
        here = payment.gross - sum((part.drawn for part in (main, *taxes)), NONE)
        went = payment.given_back.exclude(pk__in=self.won).aggregate(sum=Sum("gross"))["sum"] or NONE
        rest = here if is_refund else payment.gross - went
        verb = givebacks.refund if is_refund else givebacks.charge_back
        give = partial(verb, payment, amount, reason="asked", actor=jane, at=self.now, key=self.key())
        most = givebacks.most_refundable(payment, Standing.objects.get(customer=known.customer))
        if amount > rest:
            refused("more_than_paid", give)
            return
        if is_refund and amount > most:
            refused("not_unapplied|wallet_used|wallet_owes", give)
            return
        made = give()
        assert give() == made
        moved = [(row.debit.kind, row.amount) for row in givebacks.movements_of(made)]
        share = sum((part for account, part in moved if account == main.credit.kind), NONE)
        assert sum((part for _account, part in moved), NONE) == amount
        assert amount > here or abs(share - amount * main.amount / payment.gross) < D("0.02")
        for account, part in moved:
            known.shift(account, -part)
        assert not is_refund or min(known.wallet, main.left - share) >= 0 or main.credit.kind == AccountKind.RECEIVABLE

    def settle(self, who: int, way: Way, amount: Decimal) -> None:
        """Credit moves between the accounts: what is there, and its tax with it."""
        known = self.of(who)
        move = partial(settlements.settle, known.customer, way, amount, actor=jane, at=self.now, key=self.key())
        if amount > (known.wallet if way == Way.OUT else settlements.unapplied(known.customer)):
            refused("wallet_empty|not_unapplied", move)
            return
        made = move()
        assert move() == made
        known.by_hand.append(made[0].pk)
        if way == Way.OUT:
            back = sum((row.amount for row in made if row.debit.kind == AccountKind.TAX_PAYABLE), NONE)
            assert 0 <= back <= min(amount / 5 + D("0.01") * len(made), known.tax)
            known.wallet -= amount
            known.receivable += amount + back
            known.tax -= back
        else:
            tax = divide_half_up(amount * 20, 120, 2)
            known.wallet += amount - tax
            known.receivable -= amount
            known.tax += tax

    def change_type(self, who: int) -> None:
        """The customer pays the other way from now on; what waits is invoiced first, and where it cannot be nothing changes."""
        known = self.of(who)
        other = BillingType.POSTPAID if known.is_prepaid else BillingType.PREPAID
        if known.is_prepaid and known.wallet < 0:
            refused("wallet_owes", partial(customers.change, known.customer, billing_type=other, actor=jane, at=self.now))
            return
        try:
            with transaction.atomic():
                known.customer = customers.change(known.customer, billing_type=other, actor=jane, at=self.now)
        except DomainError as refusal:
            waits = movements.untaken([known.customer.pk]).get(known.customer.pk, [])
            cancels_out = abs(sum((each.amount for each in waits), NONE)) < D("0.005")  # its tax too: that does not stop it
            if not waits or refusal.code not in {"credit", "zero"} or (refusal.code == "zero" and cancels_out):
                raise
            known.customer.refresh_from_db()
        self.read_documents(who)

    def bill_debt(self, who: int) -> None:
        """What the wallet owes is charged on the receivable instead."""
        known = self.of(who)
        bill = partial(wallet_debts.bill, known.customer, -known.wallet, actor=jane, at=self.now, key=self.key())
        if known.wallet >= 0:
            refused("no_debt", bill)
            return
        made = bill()
        assert bill() == made
        known.by_hand.append(made[0].pk)
        known.receivable += known.wallet
        known.wallet = NONE

    def win(self, who: int) -> None:
        """What went back last comes again: a refund that failed, a chargeback that was won."""
        known = self.of(who)
        made = GiveBack.objects.filter(payment__transfer__customer=known.customer).exclude(pk__in=self.won).order_by("-created_at").first()
        if made is None:
            return
        moved = givebacks.movements_of(made)
        first = Transfer.objects.select_related("customer", "debit", "credit").get(pk=moved[0].pk)
        win = partial(reversals.take_back, first, reason="won", actor=jane, at=self.now)
        if any(self.was_given_up_since(known, each) for each in moved):
            refused("written_off", win)
            return
        win()
        self.won.add(made.pk)
        for each in moved:
            known.shift(each.debit.kind, each.amount)

    def was_given_up_since(self, known: Expected, gone: Transfer) -> bool:
        """Whether what was due without this money was written off: on the receivable whatever was since, of the wallet what its debts came to since."""
        if gone.debit.kind == AccountKind.RECEIVABLE:
            return any(given_up > gone.created_at for given_up in known.given_up)
        debts = [line for line, _covers in self.debts(known)]
        billed_since = Taken.objects.filter(document__in=self.written_off, transfer__in=debts, transfer__created_at__gt=gone.created_at)
        return gone.debit.kind == AccountKind.WALLET and billed_since.exists()

    def debts(self, known: Expected) -> list[tuple[UUID, list[UUID]]]:
        """The billed debts that stand, each by its line's movement with what it was spent on: told forwards, what was spent last is billed first."""
        spent: list[tuple[UUID, Decimal]] = []
        found = []
        moved = Transfer.objects.filter(customer=known.customer, reverses=None, reversed_by=None).select_related("debit", "credit").order_by("created_at")
        for each in moved.exclude(kind__in=[Kind.TOPUP, Kind.PAYMENT, Kind.SETTLE, Kind.REFUND, Kind.CHARGEBACK, Kind.TAX, Kind.ROUNDING]):
            if each.debit.kind == AccountKind.WALLET:
                spent.append((each.pk, each.amount))
            elif each.key.startswith(wallet_debts.PREFIX) and each.credit.kind == AccountKind.WALLET:
                line = Transfer.objects.get(key=each.key.rpartition(":")[0] + ":0").pk
                found.append((line, self.unspend(spent, each.amount)))
            elif each.kind == Kind.USAGE and each.credit.kind == AccountKind.WALLET:
                spent.append((each.pk, -each.amount))
        return found

    def unspend(self, spent: list[tuple[UUID, Decimal]], amount: Decimal) -> list[UUID]:
        """So much of what was spent last, and what it was."""
        covered = []
        while spent and amount > 0:
            id_, left = spent.pop()
            covered.append(id_)
            amount -= left
        if amount < 0:
            spent.append((id_, -amount))
        return covered

    def issue(self, who: int) -> None:
        known = self.of(who)
        months.same_by_sums([known.customer.pk], self.now.date())
        invoices.issue([known.customer.pk], self.now.date(), actor=jane, at=self.now)
        self.read_documents(who)

    def read_documents(self, who: int) -> None:
        """Documents since the last look: each adds its tax and its rounding to what moved, and nothing else."""
        known = self.of(who)
        for document in Document.objects.filter(customer=known.customer, kind="invoice").exclude(pk__in=known.documents):
            took = Taken.objects.filter(document=document).select_related("transfer__debit")
            moved = sum((row.transfer.amount if row.transfer.debit.customer_id else -row.transfer.amount for row in took), D(0))
            assert document.total > 0
            assert abs(document.net - moved) <= D("0.005")
            known.receivable -= document.total - moved
            known.documents.add(document.pk)

    def credit(self, who: int, number: int, picks: int) -> None:
        """An invoice is credited, or some of its lines; each line once, and never more than is left."""
        known = self.of(who)
        if not known.documents:
            return
        document = Document.objects.select_related("customer").get(pk=sorted(known.documents)[number % len(known.documents)])
        open_ = [line.position for line in document.lines.filter(credited_by=None)]
        chosen = [position for position in open_ if picks >> position % 8 & 1] if picks else open_
        content = credit_notes.content_of(document, chosen)
        credit = partial(credit_notes.issue, document, positions=chosen, reason="by mistake", actor=jane, at=self.now, key=self.key())
        if document.pk in self.written_off:
            refused("written_off", credit)
        elif content.total <= 0 or content.total > document.total - credit_notes.credited(document):
            refused("nothing_to_credit|more_than_left", credit)
        else:
            mirrors = Transfer.objects.filter(reverses__taken__line__in=content.lines, taken=None).values_list("amount", "credit__kind")
            back = sum((amount if account == AccountKind.RECEIVABLE else -amount for amount, account in mirrors), NONE)
            note = credit()
            self.books.notes += 1
            assert credit() == note
            assert document.matches.aggregate(sum=Sum("amount"))["sum"] <= document.total
            elsewhere = Transfer.objects.filter(taken__line__credited_by__document=note, reversed_by__isnull=False)
            charged_again = elsewhere.filter(reversed_by__taken__line__credited_by__isnull=False)  # a note undid what the other invoice gave back
            assert not elsewhere.exclude(reversed_by__taken__document=note).exclude(pk__in=charged_again).exists()
            known.receivable += note.total - back
            known.noted[document.pk] = known.noted.get(document.pk, NONE) + note.total
            known.credited |= {line.pk for line in content.lines}

    def answered(self, known: Expected) -> set[UUID]:
        """Movements that stand on a line which was credited, on an invoice which is cancelled, or on one of which something was written off, and what a
        billed debt stands for."""
        cancelled = {pk for pk, total in Document.objects.filter(pk__in=known.noted).values_list("pk", "total") if known.noted[pk] == total}
        rows = Taken.objects.filter(document__in=known.documents).values_list("transfer_id", "line_id", "document_id")
        on_paper = {transfer for transfer, line, paper in rows if line in known.credited or paper in cancelled | self.written_off}
        return on_paper.union(*(covers for _line, covers in self.debts(known)))

    def write_off(self, who: int, number: int, amount: Decimal) -> None:
        """So much of an invoice is given up, at most what is due; then it is taken back at once, every other time."""
        known = self.of(who)
        if not known.documents:
            return
        id_ = sorted(known.documents)[number % len(known.documents)]
        document: Any = documents.with_figures(Document.objects.select_related("customer").filter(pk=id_)).get()
        give_up = partial(write_offs.write_off, document, amount, reason="insolvent", actor=jane, at=self.now, key=self.key())
        most = write_offs.most_of(document, Standing.objects.get(customer=known.customer))
        waits, answers = movements.untaken([known.customer.pk]).get(known.customer.pk, []), billed.waiting_answers(document)
        everything = with_tax(waits)
        answered = with_tax([each for each in waits if each.id in answers])
        comes_back = min(answered, NONE)
        owed = everything - sum((each.amount for each in waits), NONE) - known.receivable
        assert abs(most - max(min(document.left + comes_back, owed), NONE)) <= D("0.03")
        asked = Taken.objects.filter(document=id_).exclude(line__in=known.credited).values_list("transfer_id", flat=True)
        if known.wallet >= D("0.01") and {line for line, _covers in self.debts(known)} & set(asked):
            refused("wallet_holds", give_up)
            return
        if amount > most:
            refused("more_than_due", give_up)
            return
        gone = give_up()
        if number % 2:
            reversals.take_back(gone, reason="paid after all", actor=jane, at=self.now)
        else:
            known.receivable += amount
            self.written_off.add(id_)
            known.given_up.append(gone.created_at)

    def limit(self, who: int, amount: Decimal) -> None:
        known = self.of(who)
        known.customer = customers.change(known.customer, credit_limit=amount, daily_limit=amount or None, actor=jane, at=self.now)

    def change_plan(self, who: int, name: str) -> None:
        """Another plan from now on; the clock stands so that no earlier change lies ahead."""
        known = self.of(who)
        since = max(self.now, known.plans[-1][0] + timedelta(seconds=1))
        customers.change(known.customer, plan=self.books.plans[name], actor=jane, at=since)
        if known.plans[-1][1] != name:
            known.plans.append((since, name))

    def correct_plan(self, who: int, name: str) -> None:
        """The last plan was the wrong one all along: its calls are rated again, and the difference alone moves, once; not of what was answered."""
        known = self.of(who)
        since = known.plans[-1][0]
        PlanAssignment.objects.filter(customer=known.customer, valid_from=since if len(known.plans) > 1 else None).update(plan=self.books.plans[name])
        known.plans[-1] = (since, name)
        answered = self.answered(known)
        moved = [*Call.objects.filter(customer_id=known.customer.pk).values_list("key_id", "transfer_id")]
        moved += PriceChange.objects.filter(customer=known.customer).values_list("key_id", "transfer_id")
        closed = {CallKey.objects.get(pk=key).call_id for key, transfer in moved if transfer in answered}
        for call in known.calls:
            if call[3] in closed:
                continue
            price = known.price(call[1], call[0])
            known.move(call[2] - price)
            call[2] = price
        theirs = Named.of(Call.objects.filter(customer_id=known.customer.pk))
        rerating.rate_again(theirs, new_id(), actor=jane, at=self.now)
        assert rerating.rate_again(theirs, new_id(), actor=jane, at=self.now).changed == 0

    def climb(self) -> None:
        """All that is owed to the parent."""
        for schema in (SHOP, PARENT):
            with schema_context(schema):
                for job in Job.objects.filter(kind__startswith="calls.", state=Job.State.PENDING):
                    assert running.run(job.pk)

    def check(self) -> None:
        """The identity and the model, for whoever was touched since the last look."""
        if not self.touched:
            return
        asked = [self.whose[who].customer.pk for who in self.touched]
        with connection.cursor() as cursor:
            cursor.execute(FIGURES, [asked])
            rows = {row[0]: row[1:] for row in cursor.fetchall()}
        for who in self.touched:
            known = self.whose[who]
            wallet, receivable, wallet_moved, receivable_moved, unapplied, open_, unbilled, worst = rows[known.customer.pk]
            assert (wallet, receivable) == (wallet_moved, receivable_moved) == (known.wallet, known.receivable)
            assert receivable == unapplied - open_ - unbilled
            assert unapplied >= 0
            assert open_ >= 0
            assert worst == 0
        self.touched.clear()
