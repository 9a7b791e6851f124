"""Switching into a reseller, which crosses hosts."""

from django.db import models

from billing_portal.tenancy.models import Record


class SwitchTicket(Record):
    """A ticket the parent writes into the child's schema: 256 bits, stored hashed, 60 seconds, one use (architecture §2).

    Names the real actor as (schema, id, name). `parent_session` is the `ParentSession` of the parent through which somebody of a reseller
    further up came; none when the actor is of the parent's own staff. `home_session` is the `OpenSession` at the actor's home that the whole
    way began in: the same browser, whatever cookies it shows.
    """

    token_hash = models.CharField(max_length=64, unique=True)
    parent_schema = models.CharField(max_length=63)
    actor_schema = models.CharField(max_length=63)
    actor_id = models.UUIDField()
    actor_name = models.CharField(max_length=150)
    role = models.CharField(max_length=20)
    parent_session = models.UUIDField(null=True, blank=True)
    home_session = models.UUIDField(null=True, blank=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)


class ParentSession(Record):
    """Somebody of a parent who is switched into this reseller now: the list of who is where, and the way to end it at once (reliability 69)."""

    ticket = models.OneToOneField(SwitchTicket, on_delete=models.CASCADE)
    session_key = models.CharField(max_length=40, unique=True)
    began_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    signed_out = models.BooleanField(default=False)
