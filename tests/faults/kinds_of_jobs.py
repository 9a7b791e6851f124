"""Every kind of job as the portal comes to owe it, and what its work is for, as it shows: a kind that stands here not is a promise without a test."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib.sessions.models import Session
from django.core.files.uploadedfile import InMemoryUploadedFile
from django.db.models import QuerySet
from django_tenants.utils import schema_context

from billing_portal.accounts.domain import links, passwords, sessions
from billing_portal.accounts.models import LoginLink, OpenSession, User
from billing_portal.jobs.domain import running
from billing_portal.jobs.models import Job, Progress
from billing_portal.mail import outgoing
from billing_portal.mail.models import MailLog
from billing_portal.tenancy import queries as tenancy
from billing_portal.tenancy.models import Domain, Reseller, new_id
from customers.domain import customers, reseller_orders
from customers.domain.resellers import NewReseller
from customers.models import BillingType, Customer, Kind, Lock, PlanAssignment, Standing
from invoicing.documents import store
from invoicing.domain import decisions, rendering, rerating, rerating_orders, runs, schedule, waiting
from invoicing.domain.rerating import Named
from invoicing.models import Call, Document, DocumentFile, InvoiceRun, LowBalanceEpisode, PriceChange, TopUpRequest
from rateplans.domain import large_files, plans
from rateplans.models import BillingTerms, PlanVersion, RateImport, RatePlan
from tests.support import months, tree, world
from tests.support.months import D
from tests.support.people import client, user
from tests.support.world import jane

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)  # when the jobs are done
OCTOBER = datetime(2026, 11, 1, 9, tzinfo=UTC)  # when October is invoiced
NOVEMBER = date(2026, 11, 1)
RATES = b"prefix,destination,per minute\n4420,London,0.07\n33,France,0.10\n"


@dataclass(frozen=True)
class Owed:
    """`owe`, called in Acme's schema, leads to one job of the kind in `schema`; what its work comes to is `seen` there."""

    owe: Callable[[], object]
    seen: Callable[[], object]
    schema: str = "acme"
    needs: str = ""  # a fixture


def rows(of: Any, *fields: str) -> list[str]:
    """These fields of a model's rows, or of those chosen."""
    return sorted(map(str, (of if isinstance(of, QuerySet) else of.objects).values_list(*fields)))


def worked(schema: str, *kinds: str) -> None:
    """What was owed of these kinds before the one in question is done."""
    with schema_context(schema):
        for job in running.due().filter(kind__in=kinds):
            running.run(job.pk)
            job.refresh_from_db()
            assert job.state == Job.State.DONE, job.error


# --- mails and sign-in


def a_mail() -> None:
    outgoing.send("password_set", to=["anna@a.example"], context={"user": User(username="jane", full_name="Jane Whitfield")}, key="k")


def somebody_forgot() -> None:
    user("jane")
    passwords.forgotten("jane", at=NOON)


def a_link_expired() -> None:
    passwords.renew(links.make(user("jane"), LoginLink.Purpose.RESET, sent_to="jane@example.com", at=NOON - timedelta(days=9)), at=NOON)


def all_are_shut_out() -> None:
    for name in ("jane", "joe"):
        client(user(name)).get("/account/")
    assert OpenSession.objects.count() == 2
    sessions.owe_shutting_all(new_id(), at=NOON + timedelta(hours=1))


# --- plans and rates


def a_plan_is_shared() -> None:
    tree.plant()
    with schema_context("acme"):
        plans.change(RatePlan.objects.get(), sharing="resellers", actor=jane, at=NOON)


def a_rates_file() -> RateImport:
    plan = plans.create(name="Standard", currency="GBP", actor=jane, at=NOON)
    sent = InMemoryUploadedFile(io.BytesIO(RATES), "file", "rates.csv", "text/csv", len(RATES), None)
    return large_files.take_in(plan, "rates.csv", sent, "add", jane, at=NOON)


def a_rates_file_was_looked_at() -> None:
    stored = a_rates_file()
    worked("acme", large_files.READ)
    large_files.order(stored, mode="add", accept_unusual=True, looked_at=0, actor=jane)


# --- resellers


def a_reseller_is_ordered() -> None:
    given: dict[str, Any] = {"currency": "EUR", "time_zone": "Europe/Berlin", "admin_email": "nora@northwind.example", "plan": None}
    new = NewReseller("northwind", "Northwind Voice", "northwind.acme.localhost", tenancy.current(), **given)
    reseller_orders.place(new, actor=jane)


def resellers() -> object:
    with schema_context("public"):
        known = rows(Reseller, "schema_name", "state"), rows(Domain, "domain")
    return known, rows(Customer, "name", "reseller_schema"), rows(Progress, "state", "done")


# --- customers


def a_day_s_limit_is_spent() -> None:
    anna = customers.change(world.customer(on=world.plan()), daily_limit=D("0.06"), actor=jane, at=NOON - timedelta(days=2))
    months.dialled(anna, "2026-11-20 09:00", "442079460123", seconds=60)


def pat(*, repeat: int = 0) -> Customer:
    """Pays in advance, has 60.00, is warned below 50.00 and topped up by 25.00."""
    made = world.customer("Pat Ltd", billing_type=BillingType.PREPAID)
    months.moved(Kind.TOPUP, made, "60.00", "2026-11-02 09:00")
    settings: dict[str, Any] = {"low_balance_threshold": D("50.00"), "topup": "fixed", "topup_amount": D("25.00"), "low_balance_repeat_days": repeat}
    return customers.change(made, **settings, actor=jane, at=NOON - timedelta(days=9))


def a_balance_is_low(*, repeat: int = 0) -> Customer:
    made = pat(repeat=repeat)
    months.calls(made, "2026-11-03 09:00", price="20.00")
    return made


def a_low_balance_is_over() -> None:
    made = a_balance_is_low()
    worked("acme", "low_balance")
    months.moved(Kind.TOPUP, made, "100.00", "2026-11-04 09:00")


def a_low_balance_lasts() -> None:
    a_balance_is_low(repeat=1)
    worked("acme", "low_balance")
    Job.objects.filter(kind="low_balance.repeat").update(due_at=NOON - timedelta(days=1))
    LowBalanceEpisode.objects.update(warned_at=NOON - timedelta(days=2))


def a_top_up_did_not_suffice() -> None:
    months.calls(pat(), "2026-11-03 09:00", price="50.00")
    worked("acme", "low_balance")
    decisions.approve(TopUpRequest.objects.get(), actor=jane, at=NOON)


def low() -> object:
    episodes = rows(LowBalanceEpisode, "number", "warnings", "ended_at")
    return episodes, rows(TopUpRequest, "state", "amount", "attempt"), rows(MailLog, "kind", "recipients")


# --- invoices


def a_period_has_ended() -> None:
    BillingTerms.objects.create(issue_automatically=True)
    months.anna()
    schedule.look(at=OCTOBER)


def a_run_began() -> None:
    months.anna()
    runs.start(NOVEMBER, key="k", actor=jane, at=OCTOBER)


def an_invoice_is_out() -> Document:
    months.anna()
    [october] = months.issue("2026-11-01", OCTOBER)
    return october


def an_invoice_is_rendered() -> None:
    october = an_invoice_is_out()
    stored = store.write("acme", f"{october.pk}.pdf", b"%PDF-1.7")
    DocumentFile.objects.create(document=october, format=rendering.PDF, path=stored.path, sha256=stored.sha256, size=stored.size)
    rendering.owe_mail(october)


def documents() -> object:
    return rows(Document, "number", "total"), rows(InvoiceRun, "key"), rows(Progress, "state", "done"), rows(DocumentFile, "format")


# --- calls of three levels


def calls_came_in() -> None:
    three = tree.plant()
    tree.take([tree.call(three.anna, f"c{number}", seconds=60 + number) for number in range(3)], NOON)


def a_call_that_waited_is_rated() -> None:
    three = tree.plant(at_acme={"44": ("United Kingdom", "0.40")})
    tree.take([tree.call(three.anna, to=tree.PARIS)], NOON)
    worked("globex", "calls.climb")
    with schema_context("acme"):
        plan = world.plan("With France", "GBP", {"44": ("United Kingdom", "9"), "33": ("France", "0.90")})
        PlanAssignment.objects.filter(customer__kind=Customer.CustomerKind.RESELLER).update(plan=plan)
        assert waiting.rate_again(waiting.waiting_ids(), actor=jane, at=NOON).rated == 1


def prices_were_wrong(*levels: str) -> None:
    """Calls have climbed; then what they should have cost all along doubles at these levels."""
    calls_came_in()
    tree.work()
    prices = {"globex": ("USD", "1.20"), "acme": ("GBP", "0.80")}
    for level in levels:
        currency, price = prices[level]
        with schema_context(level):
            PlanAssignment.objects.update(plan=world.plan("As agreed", currency, {"44": ("United Kingdom", price)}))


def calls_are_to_be_rated_again() -> None:
    prices_were_wrong("globex")
    rerating_orders.order(Call.objects.all(), actor=jane)


def a_difference_climbs() -> None:
    prices_were_wrong("globex", "acme")
    rerating.rate_again(Named.of(Call.objects.all()), UUID(int=7), actor=jane, at=NOON)


def a_difference_comes_down() -> None:
    prices_were_wrong("acme")
    with schema_context("acme"):
        rerating.rate_again(Named.of(Call.objects.all()), UUID(int=7), actor=jane, at=NOON)


def levels() -> object:
    changes = []
    for level in tree.LEVELS:
        with schema_context(level):
            changes.append(PriceChange.objects.count())
    return tree.prices(), tree.balances(), changes


OWED: dict[str, Owed] = {
    "accounts.forgotten": Owed(somebody_forgot, lambda: (rows(LoginLink, "purpose"), rows(MailLog, "kind", "recipients"))),
    "accounts.renew": Owed(a_link_expired, lambda: (rows(LoginLink, "purpose"), rows(MailLog, "kind", "recipients"))),
    "accounts.shut_all": Owed(all_are_shut_out, lambda: (OpenSession.objects.count(), Session.objects.count(), rows(User, "username", "browsers"))),
    "calls.buy_price": Owed(a_call_that_waited_is_rated, levels),
    "calls.climb": Owed(calls_came_in, levels, "globex"),
    "calls.difference_below": Owed(a_difference_comes_down, levels),
    "calls.difference_climbs": Owed(a_difference_climbs, levels, "globex"),
    "calls.rate_again": Owed(calls_are_to_be_rated_again, lambda: (levels(), rows(Progress, "state", "done", "skipped")), "globex"),
    "daily_limit.over": Owed(a_day_s_limit_is_spent, lambda: (rows(Lock.objects.filter(lifted_at=None), "reason"), rows(Standing, "calls_locked"))),
    "invoices.due": Owed(a_period_has_ended, documents),
    "invoices.issue": Owed(a_run_began, documents),
    "invoices.mail": Owed(an_invoice_is_rendered, lambda: rows(MailLog, "kind", "recipients", "about_id")),
    "invoices.overdue": Owed(an_invoice_is_out, lambda: rows(Standing, "receivable", "overdue_since")),
    "invoices.render": Owed(an_invoice_is_out, documents),
    "low_balance": Owed(a_balance_is_low, low),
    "low_balance.over": Owed(a_low_balance_is_over, low),
    "low_balance.repeat": Owed(a_low_balance_lasts, low),
    "low_balance.topup": Owed(a_top_up_did_not_suffice, low),
    "mail.deliver": Owed(a_mail, lambda: rows(MailLog, "state", "recipients", "message_id"), needs="post"),
    "rateplans.refresh_shared": Owed(a_plan_is_shared, lambda: rows(RatePlan, "name", "inherits", "withdrawn"), "globex"),
    "rates.apply": Owed(a_rates_file_was_looked_at, lambda: (rows(PlanVersion, "number", "rate_count"), rows(RateImport, "state"))),
    "rates.read": Owed(a_rates_file, lambda: rows(RateImport, "state", "found")),
    "resellers.make": Owed(a_reseller_is_ordered, resellers, needs="as_owner"),
}
