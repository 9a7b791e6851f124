"""Switch into a customer and return: the frame lies in the session, the actor stays who they are (semantics 33, E40)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.models import Session
from django.utils.translation import gettext as _

from billing_portal.accounts.actor import Actor
from billing_portal.accounts.domain import audit
from billing_portal.kernel.errors import require
from customers.models import Customer

KEY = "managing"
IDLE = timedelta(minutes=60)
NOTED = timedelta(minutes=1)  # how often being there is written down


@dataclass(frozen=True)
class Frame:
    """Which customer is managed, since when, and when something was last done."""

    customer_id: UUID
    entered_at: datetime
    seen_at: datetime

    def idle(self, at: datetime) -> bool:
        return at - self.seen_at >= IDLE

    def to_json(self) -> dict[str, str]:
        return {"customer": str(self.customer_id), "entered_at": self.entered_at.isoformat(), "seen_at": self.seen_at.isoformat()}


def enter(session: SessionBase, customer: Customer, *, actor: Actor, at: datetime) -> None:
    """Begin to manage the customer under a new session key. Raises `switched_already` while another one is managed."""
    require(actor.acted_for_id is None, "switched_already", _("Return from the customer you are managing first."))
    require(customer.kind != Customer.CustomerKind.RESELLER, "reseller_has_a_host", _("A reseller is entered on its own host."))
    session[KEY] = Frame(customer.pk, at, at).to_json()
    session.cycle_key()
    audit.record(
        actor.acting_for(customer.pk, customer.name), "customer.entered", subject=("customer", customer.pk, customer.name), customer_id=customer.pk, at=at
    )


def leave(session: SessionBase, *, actor: Actor, at: datetime, note: str = "") -> UUID | None:
    """Return from the customer managed, under a new session key; answers with its id, None when nobody was managed."""
    frame = current(session)
    session.pop(KEY, None)
    if frame is None:
        return None
    session.cycle_key()
    customer = Customer.objects.filter(pk=frame.customer_id).first()
    name = customer.name if customer else ""
    by = actor if actor.acted_for_id else actor.acting_for(frame.customer_id, name)
    audit.record(by, "customer.left", subject=("customer", frame.customer_id, name), customer_id=frame.customer_id, note=note, at=at)
    return frame.customer_id


def current(session: SessionBase) -> Frame | None:
    """The frame in this session; one that cannot be read is none."""
    return _read(session.get(KEY))


def frames(keys: list[str], *, at: datetime) -> dict[str, Frame]:
    """The frames of those of these sessions that manage a customer now, by the session's key."""
    found: dict[str, Frame] = {}
    for row in Session.objects.filter(session_key__in=keys, expire_date__gt=at):
        frame = _read(row.get_decoded().get(KEY))
        if frame is not None and not frame.idle(at):
            found[row.session_key] = frame
    return found


def _read(kept: Any) -> Frame | None:
    try:
        return Frame(UUID(kept["customer"]), datetime.fromisoformat(kept["entered_at"]), datetime.fromisoformat(kept["seen_at"]))
    except (TypeError, KeyError, ValueError):
        return None


def stay(session: SessionBase, frame: Frame, *, at: datetime) -> None:
    """Note that the customer is still being managed, at most once a minute."""
    if at - frame.seen_at >= NOTED:
        session[KEY] = Frame(frame.customer_id, frame.entered_at, at).to_json()
