"""What happened to a reseller of the sample world until now: calls day by day, invoices on the first of a month, payments, top-ups."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import ROUND_UP, Decimal
from uuid import UUID

from billing_portal.accounts.domain import switches
from billing_portal.demo import traffic
from billing_portal.demo.calendar import Calendar
from billing_portal.demo.cast import House
from billing_portal.demo.furnishing import PROGRAM, Resident
from billing_portal.jobs.models import Job
from customers.domain import customers
from customers.models import BillingType, Customer, Standing
from invoicing.domain import calls, climb, invoices, overdue, payments, posting
from invoicing.domain.records import CallRecord
from invoicing.models import CallBatch, Document

LOW, TOP_UP = Decimal(8), Decimal(60)
NOT_A_RESIDENT = "in time"  # resellers below pay as they should
PAID_AFTER = {"in time": timedelta(days=9), "late": timedelta(days=11)}


@dataclass
class Story:
    """A reseller, its customers, and who pays what when; each move is made with its schema in force."""

    house: House
    residents: Sequence[Resident]
    calendar: Calendar
    due: dict[date, list[UUID]] = field(default_factory=dict)

    def pass_day(self, day: date) -> None:
        """Top-ups, invoices and payments of the day, then its calls, which climb at once."""
        for resident in self.residents:
            _top_up_when_low(resident, self.calendar, day)
        if day in self.calendar.run_days:
            _invoice(self.residents, self.calendar, day, self.due)
        _pay(self.due.pop(day, []), self.calendar, day)
        _call(self.house, self.residents, self.calendar, day)
        _climb(self.calendar.after(day, 36))

    def end(self) -> None:
        """What stands at the end: calls that wait, a customer near its limit, what is overdue."""
        _leave_some_waiting(self.house, self.residents, self.calendar)
        _climb(self.calendar.now)
        _run_up_to_the_limit(self.residents, self.calendar)
        overdue.refresh(list(Customer.objects.values_list("pk", flat=True)), at=self.calendar.now)


def _climb(at: datetime) -> None:
    """Do at that moment what the worker would do now: let the batches posted here climb one level."""
    for job in Job.objects.filter(kind=posting.CLIMB, state=Job.State.PENDING).order_by("created_at", "pk"):
        climb.climb(UUID(job.payload["batch"]), at=at)
        Job.objects.filter(pk=job.pk).update(state=Job.State.DONE, finished_at=at)


def _call(house: House, residents: Sequence[Resident], calendar: Calendar, day: date) -> None:
    batch = [
        record
        for resident in residents
        for record in traffic.records(
            traffic.Caller(
                resident.customer.switch_account_code or resident.customer.account_number,
                resident.company.country,
                resident.company.calls,
                resident.company.zone or house.zone,
                resident.lines,
            ),
            day,
        )
    ]
    _take(batch, calendar, day)


def _take(batch: Sequence[CallRecord], calendar: Calendar, day: date) -> None:
    at = calendar.after(day, 36)  # the day has ended in every zone of the cast
    calls.ingest(batch, switch=switches.ensure_default(), source=CallBatch.Source.API, actor=PROGRAM, at=at)


def _leave_some_waiting(house: House, residents: Sequence[Resident], calendar: Calendar) -> None:
    """What real switches send too: an account nobody has, a number that is none, a call that came before with another length."""
    day = list(calendar.days())[-1]
    resident = residents[0]
    code = resident.customer.switch_account_code or resident.customer.account_number
    caller = traffic.Caller(code, resident.company.country, 8, resident.company.zone or house.zone, resident.lines)
    first, second, third, *_others = (replace(record, call_id=f"odd-{record.call_id}") for record in traffic.records(caller, day))
    _take([replace(first, account="nobody-here"), replace(second, to="0999"), third], calendar, day)
    _take([replace(third, seconds=(third.seconds or 0) + 60)], calendar, day)


def _top_up_when_low(resident: Resident, calendar: Calendar, day: date) -> None:
    if resident.customer.billing_type != BillingType.PREPAID:
        return
    if Standing.objects.get(customer=resident.customer).balance < LOW:
        key = f"sample:{resident.customer.pk}:{day}"
        payments.record(resident.customer, TOP_UP, reference="Card", key=key, actor=PROGRAM, at=calendar.after(day, 13))


def _invoice(residents: Sequence[Resident], calendar: Calendar, day: date, due: dict[date, list[UUID]]) -> None:
    """Run for the first of a month, and note who pays when; the last late invoice is never paid and falls overdue."""
    invoices.issue_all(day, actor=PROGRAM, at=calendar.after(day, 14))
    habits = {resident.customer.pk: resident.company.pays for resident in residents}
    for document in Document.objects.filter(kind=Document.DocumentKind.INVOICE, issued_on=day):
        habit = habits.get(document.customer_id, NOT_A_RESIDENT)
        if habit in PAID_AFTER and not (habit == "late" and day == calendar.run_days[0]):
            due.setdefault(day + PAID_AFTER[habit], []).append(document.pk)


def _pay(document_ids: Sequence[UUID], calendar: Calendar, day: date) -> None:
    for document in Document.objects.filter(pk__in=document_ids).select_related("customer"):
        payments.record(
            document.customer,
            document.total,
            reference=f"Bank transfer {document.number}",
            key=f"sample:{document.pk}",
            actor=PROGRAM,
            at=calendar.after(day, 15),
            pays=document,
        )


def _run_up_to_the_limit(residents: Sequence[Resident], calendar: Calendar) -> None:
    """One customer that does not pay has nearly used its credit limit up."""
    for resident in residents:
        owes = -Standing.objects.get(customer=resident.customer).balance
        if resident.company.pays == "not yet" and owes > 0:
            limit = (owes * Decimal("1.04")).to_integral_value(ROUND_UP)
            customers.change(resident.customer, credit_limit=limit, actor=PROGRAM, at=calendar.now)
