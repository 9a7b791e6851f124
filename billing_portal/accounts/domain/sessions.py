"""Open sessions: listed, followed, ended one by one or all at once (reliability 78)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from billing_portal.accounts.actor import Actor
from billing_portal.accounts.domain import audit, handed_over, tickets
from billing_portal.accounts.models import OpenSession, User
from billing_portal.accounts.where import Where
from billing_portal.jobs import outbox, registry

LISTED = "listed"  # in the session: the row that lists it, under which key, and when that was last written down
NOTED = timedelta(minutes=1)
SHUT_ALL = "accounts.shut_all"


def begin(session: SessionBase, user: User, *, where: Where, at: datetime) -> None:
    """List a session that somebody has just opened; one of a parent's people is listed elsewhere (`ParentSession`)."""
    if user.stands_for_schema:
        return
    if not session.session_key:
        session.save()
    key = session.session_key or ""
    row = OpenSession.objects.create(user=user, session_key=key, began_at=at, seen_at=at, address=where.address, browser=where.browser, created_at=at)
    _remember(session, row.pk, at)


def follow(session: SessionBase, *, where: Where, at: datetime) -> None:
    """Keep the row in step with the session's key, and write down at most once a minute that it is used. A session whose row is gone ends."""
    kept: Any = session.get(LISTED)
    moved = kept["key"] != session.session_key
    noted = parse_datetime(kept["noted"])
    if not moved and noted is not None and at - noted < NOTED:
        return
    if OpenSession.objects.filter(pk=kept["row"]).update(session_key=session.session_key or "", seen_at=at, address=where.address):
        _remember(session, UUID(kept["row"]), at)
    else:
        session.flush()


def row_of(session: SessionBase) -> UUID | None:
    """The row that lists this session."""
    kept: Any = session.get(LISTED)
    return UUID(kept["row"]) if kept else None


def of(user: User, *, at: datetime) -> list[OpenSession]:
    """The sessions in which this user is signed in now, the last used first."""
    alive = Session.objects.filter(expire_date__gt=at).values("session_key")
    return list(OpenSession.objects.filter(user=user, session_key__in=alive).order_by("-seen_at", "-pk"))


@transaction.atomic
def end_one(user: User, row: UUID, *, actor: Actor, at: datetime) -> bool:
    """End one of this user's sessions, in which somebody else may have been; False when there is no such session any more."""
    rows = OpenSession.objects.filter(user=user, pk=row)
    if not rows.exists():
        return False
    _forget_browsers(User.objects.filter(pk=user.pk))
    handed_over.end_of({user.pk}, at=at)
    ended = _end(rows, at)
    if ended:
        audit.record(actor, "user.session_ended", subject=("user", user.pk, str(user)), at=at)
    return bool(ended)


@transaction.atomic
def end_all(user: User, *, actor: Actor, at: datetime, but: UUID | None = None, customer_id: UUID | None = None) -> int:
    """End every session of this user but the one listed in the row named; answers with how many ended."""
    ended = shut([user.pk], at=at, but=but)
    changes = {"sessions": ("", str(ended))}
    audit.record(actor, "user.sessions_ended", subject=("user", user.pk, str(user)), customer_id=customer_id, changes=changes, at=at)
    return ended


@transaction.atomic
def shut(users: Iterable[UUID], *, at: datetime, but: UUID | None = None) -> int:
    """End the sessions of these users as part of what ends their access or changes how they prove who they are; their browsers are known no more, and
    the links that they copied end."""
    theirs = _forget_browsers(User.objects.filter(pk__in=list(users)))
    handed_over.end_of(theirs, at=at)
    rows = OpenSession.objects.filter(user_id__in=theirs)
    return _end(rows.exclude(pk=but) if but else rows, at)


@transaction.atomic
def shut_unless_held(user: User, *, at: datetime) -> None:
    """The same for somebody met at a door that is shut; whoever holds the user's row at this moment is ending these sessions, and is not waited for."""
    if User.objects.select_for_update(skip_locked=True).filter(pk=user.pk).values_list("pk").first():
        shut([user.pk], at=at)


def owe_shutting_all(key: UUID, *, at: datetime) -> None:
    """Owe the end of all sessions that this reseller's own people have open now. There may be thousands, so a worker does it; `key` is what it is for."""
    outbox.add(SHUT_ALL, {"at": at.isoformat()}, key=f"{SHUT_ALL}:{key}")


@registry.handler(SHUT_ALL)
def _shut_all(payload: dict[str, Any]) -> None:
    """What was begun or copied since that moment stays, however late the worker comes. Of those who have no session any more the rest ends too."""
    since, now = parse_datetime(payload["at"]), timezone.now()
    assert since is not None, "the moment was written by us"
    began_before, ours = OpenSession.objects.filter(began_at__lte=since), User.objects.filter(stands_for_schema="")
    only_since = OpenSession.objects.filter(began_at__gt=since).exclude(user__in=began_before.values("user"))
    _forget_browsers(ours.exclude(pk__in=only_since.values("user")))
    handed_over.end_of(set(ours.values_list("pk", flat=True)), at=now, until=since)
    _end(began_before, now)


def _forget_browsers(users: QuerySet[User]) -> set[UUID]:
    """Know no browser of these users any more; who they are."""
    theirs = set(users.order_by("pk").select_for_update().values_list("pk", flat=True))
    User.objects.filter(pk__in=theirs).update(browsers=F("browsers") + 1)
    return theirs


def forget(session: SessionBase) -> None:
    """The session is signed out: it is listed no more."""
    row = row_of(session)
    if row is not None:
        OpenSession.objects.filter(pk=row).delete()


def drop(key: str) -> None:
    """The session under this key is there no more, whatever shows it."""
    SessionStore(key).delete()


def tidy(*, at: datetime) -> int:
    """Forget sessions that have expired."""
    Session.objects.filter(expire_date__lt=at).delete()
    gone, _by_model = OpenSession.objects.filter(seen_at__lt=at - NOTED).exclude(session_key__in=Session.objects.values("session_key")).delete()
    return gone


@transaction.atomic
def _end(rows: Any, at: datetime) -> int:
    """First the row, then the session under its last key: one that changes its key at this moment finds its row gone. Switches opened from it end too."""
    ended = list(rows.order_by("pk").select_for_update())
    OpenSession.objects.filter(pk__in=[row.pk for row in ended]).delete()
    for row in ended:
        store = SessionStore(row.session_key)
        tickets.sign_out(store, at=at)
        store.delete()
    return len(ended)


def _remember(session: SessionBase, row: UUID, at: datetime) -> None:
    session[LISTED] = {"row": str(row), "key": session.session_key, "noted": at.isoformat()}
