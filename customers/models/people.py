"""The people and lines of a customer."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from billing_portal.tenancy.models import FoldedField, Record
from customers.models.customers import Customer


class Person(Record):
    """Somebody of a customer who may sign in. The primary one was made with the customer and signs in by account number too."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="person")
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="people")
    is_primary = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["customer"], condition=Q(is_primary=True), name="primary_person_once")]

    def __str__(self) -> str:
        return str(self.user)


class Line(Record):
    """A telephone line: the name a switch sends for it, and the address it registers from. A name that staff gave to several customers decides nothing.

    `person` uses it, somebody of the same customer: an account user sees the lines they use and the calls of those, nothing else.
    `by_customer`: the customer itself chose the name and address; what staff gave another customer stands before it.
    `on_net`: calls to it are free for everybody; to figures that a customer chose, when staff have said so: they may be a public number.
    `since`: from when calls are found by it where another customer had the name before.
    `is_twin`: named like an older line of the customer, from before names were folded.
    """

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="lines")
    person = models.ForeignKey(Person, on_delete=models.SET_NULL, null=True, blank=True, related_name="lines")
    name = models.CharField(max_length=60)
    description = models.CharField(max_length=120, blank=True)
    folded_name = FoldedField(of="name")
    address = models.CharField(max_length=100, blank=True)
    folded_address = FoldedField(of="address")
    by_customer = models.BooleanField(default=False, db_default=False)
    on_net = models.BooleanField(default=True, db_default=True)
    since = models.DateTimeField(default=timezone.now, db_default=Now())
    is_twin = models.BooleanField(default=False, db_default=False, editable=False)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["customer", "folded_name"], condition=Q(is_twin=False), name="line_once")]
        indexes = [models.Index(fields=["folded_name"], name="line_name"), models.Index(fields=["folded_address"], name="line_address")]

    def __str__(self) -> str:
        return self.name


class FormerLine(Record):
    """What a line was called that was removed, and whose it was: calls answered before that moment stay that customer's, whoever has the name since."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="former_lines")
    name = models.CharField(max_length=60)
    folded_name = FoldedField(of="name")
    address = models.CharField(max_length=100, blank=True)
    folded_address = FoldedField(of="address")
    by_customer = models.BooleanField(default=False)
    since = models.DateTimeField()
    given_up_at = models.DateTimeField()

    class Meta:
        ordering = ["given_up_at"]
        indexes = [models.Index(fields=["folded_name"], name="former_line_name"), models.Index(fields=["folded_address"], name="former_line_address")]

    def __str__(self) -> str:
        return self.name
