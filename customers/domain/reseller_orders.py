"""Order a reseller from its parent's pages: the provisioning worker makes it, a page shows how far it is, and what failed is tried again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _
from django_tenants.utils import tenant_context

from billing_portal.accounts.actor import Actor
from billing_portal.accounts.domain import letting_in
from billing_portal.jobs import broker, outbox
from billing_portal.jobs.models import Job, Progress
from billing_portal.kernel.errors import DomainError
from billing_portal.tenancy import queries as tenancy
from billing_portal.tenancy.models import Domain, Reseller
from customers.domain import host_names, resellers
from customers.domain.resellers import NewReseller
from rateplans.models import RatePlan

MAKE = "resellers.make"
QUEUE = "provisioning"
STEPS = (resellers.SCHEMA, resellers.CUSTOMER, resellers.FURNISHED)
NOTE_LENGTH = 300


@dataclass(frozen=True)
class Order:
    """A reseller that was ordered here, and how far it is."""

    job: Job
    progress: Progress

    @property
    def wanted(self) -> dict[str, Any]:
        given: dict[str, Any] = self.job.payload
        return given

    @property
    def running(self) -> bool:
        return not self.failed and self.progress.state in {Progress.State.WAITING, Progress.State.RUNNING}

    @property
    def failed(self) -> bool:
        given_up = self.job.state == Job.State.DEAD and self.progress.state != Progress.State.FINISHED
        return given_up or self.progress.state == Progress.State.FAILED

    @property
    def note(self) -> str:
        """Why it is not finished, in words."""
        return self.progress.note or _("Its worker was stopped again and again. Nothing is lost: it goes on where it was.")

    @property
    def steps(self) -> list[tuple[str, str]]:
        """Each step in words with how it stands: done, now, failed or later."""
        words = (_("Schema and host"), _("Customer of yours"), _("Rate plan and administrator with login details"))
        return [(text, self._state(number)) for number, text in enumerate(words)]

    def _state(self, number: int) -> str:
        if number < self.progress.done:
            return "done"
        if number > self.progress.done:
            return "later"
        return "failed" if self.failed else "now"


@transaction.atomic
def place(new: NewReseller, *, actor: Actor) -> Progress:
    """Owe the making of this reseller to the provisioning worker; the schema in force is the parent's. Ask `problems` first. Raises `from_above`."""
    letting_in.require_may(actor)
    progress = Progress.objects.create(total=len(STEPS))
    payload = {
        "progress": str(progress.pk),
        "short_name": new.short_name,
        "name": new.name,
        "host": new.host,
        "currency": new.currency,
        "time_zone": new.time_zone,
        "admin_email": new.admin_email,
        "plan": str(new.plan.pk) if new.plan else None,
        "credit_limit": str(new.credit_limit),
        "credit_unlimited": new.credit_unlimited,
        "actor": actor.to_json(),
    }
    outbox.add(MAKE, payload, key=_key(progress.pk))
    return progress


def problems(new: NewReseller) -> Iterator[DomainError]:
    """What speaks against it now: what is taken, or ordered already and not made yet, and a host that is not the parent's to give."""
    found = list(resellers.problems(new))
    yield from found
    if new.parent is not None and not any(problem.field == "host" for problem in found):
        yield from _misplaced(new.host, new.parent)
    ordered = open_jobs()
    if ordered.filter(payload__short_name=new.short_name).exists():
        yield DomainError("reseller_exists", _("A reseller “%s” is being made right now.") % new.short_name, "short_name")
    if ordered.filter(payload__host=new.host).exists():
        yield DomainError("host_taken", _("The host %s belongs to another reseller.") % new.host, "host")


def _misplaced(host: str, parent: Reseller) -> Iterator[DomainError]:
    try:
        host_names.check_place(host, parent)
    except DomainError as problem:
        yield problem


def work(payload: dict[str, Any], *, at: datetime) -> None:
    """Make the reseller that was ordered, step by step; started again it goes on. What goes wrong stands with the progress and is raised."""
    parent = tenancy.current()
    progress = Progress.objects.filter(pk=payload["progress"])
    new, actor = _wanted(payload), Actor.from_json(payload["actor"])
    progress.update(state=Progress.State.RUNNING, started_at=at, note="")

    def told(step: str) -> None:
        with tenant_context(parent):
            progress.update(done=STEPS.index(step) + 1)

    try:
        if not resellers.is_finished(new):
            _make(new, actor, at, told)
    except Exception as problem:
        with tenant_context(parent):
            note = problem.message if isinstance(problem, DomainError) else _("Something went wrong on our side: %s") % type(problem).__name__
            progress.update(state=Progress.State.FAILED, note=str(note)[:NOTE_LENGTH])
        raise
    with tenant_context(parent):
        progress.update(state=Progress.State.FINISHED, done=len(STEPS), finished_at=timezone.now())


def again(order: Order) -> None:
    """A person asks for another attempt, at once."""
    waiting = Job.objects.filter(pk=order.job.pk, state__in=[Job.State.PENDING, Job.State.DEAD])
    if waiting.update(state=Job.State.PENDING, attempts=0, due_at=timezone.now()):
        Progress.objects.filter(pk=order.progress.pk).update(state=Progress.State.WAITING, note="")
        broker.tell_after_commit(order.job)


def order_or_404(progress: UUID) -> Order:
    """The order whose progress this is."""
    job = Job.objects.filter(key=_key(progress)).first()
    if job is None:
        raise Http404
    return Order(job, Progress.objects.get(pk=progress))


def open_orders() -> list[Order]:
    """What was ordered here and is not made yet, the latest first."""
    jobs = list(open_jobs().order_by("-created_at"))
    progress = Progress.objects.in_bulk([UUID(job.payload["progress"]) for job in jobs])
    return [Order(job, progress[UUID(job.payload["progress"])]) for job in jobs]


def open_jobs() -> QuerySet[Job]:
    return Job.objects.filter(~Q(state=Job.State.DONE), kind=MAKE)


def _make(new: NewReseller, actor: Actor, at: datetime, told: resellers.Told) -> None:
    _require_place(new)
    resellers.create(
        new.short_name,
        name=new.name,
        host=new.host,
        parent=new.parent,
        currency=new.currency,
        time_zone=new.time_zone,
        admin_email=new.admin_email,
        plan=new.plan,
        credit_limit=new.credit_limit,
        credit_unlimited=new.credit_unlimited,
        actor=actor,
        at=at,
        told=told,
    )


def _require_place(new: NewReseller) -> None:
    """Hosts have been bounded since some orders, and others have taken hosts: asked until the host is the reseller's. Raises `host_not_yours`."""
    host = new.host.lower().rstrip(".")
    if new.parent is not None and not Domain.objects.filter(domain=host, tenant__schema_name=new.short_name, tenant__parent=new.parent).exists():
        host_names.check_place(host, new.parent)


def _wanted(payload: dict[str, Any]) -> NewReseller:
    """What was ordered; an order of before credit was asked for has none of it."""
    plan = RatePlan.objects.get(pk=payload["plan"]) if payload["plan"] else None
    fields = {name: payload[name] for name in ("short_name", "name", "host", "currency", "time_zone", "admin_email")}
    credit = {"credit_limit": Decimal(payload.get("credit_limit", 0)), "credit_unlimited": payload.get("credit_unlimited", True)}
    return NewReseller(**fields, **credit, parent=tenancy.current(), plan=plan)


def _key(progress: UUID) -> str:
    return f"{MAKE}:{progress}"
