"""Whoever works on a job holds it by a lock of the database session, which falls with the session: a killed worker's job is free at once (reliability 27)."""

from django.db import connection, models
from django.db.models import F, Func, TextField, Value
from django.db.models.functions import Cast, Concat

from billing_portal.jobs.models import Job

TAKE = "SELECT pg_try_advisory_lock(hashtextextended(%s, 0))"
LET_GO = "SELECT pg_advisory_unlock(hashtextextended(%s, 0))"


class IsHeld(Func):
    """Whether a living session holds the job at its present fence; asked of the server's table of locks, so it is as true as the moment."""

    template = (
        "EXISTS (SELECT 1 FROM pg_catalog.pg_locks WHERE locktype = 'advisory' AND objsubid = 1"
        " AND database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())"
        " AND ((classid::bigint << 32) | objid::bigint) = hashtextextended(%(expressions)s, 0))"
    )
    output_field = models.BooleanField()

    def __init__(self) -> None:
        super().__init__(Concat(Cast(F("pk"), TextField()), Value(":"), Cast(F("fence"), TextField()), output_field=TextField()))


def take(job: Job) -> None:
    """Hold the job at its present fence until it is let go or this session ends. The fence is new, so nobody else can hold it."""
    with connection.cursor() as cursor:
        cursor.execute(TAKE, [_name(job)])


def let_go(job: Job) -> None:
    """Hold it no longer; nothing to do when the session that held it is gone."""
    if connection.connection is None:
        return
    with connection.cursor() as cursor:
        cursor.execute(LET_GO, [_name(job)])


def _name(job: Job) -> str:
    return f"{job.pk}:{job.fence}"
