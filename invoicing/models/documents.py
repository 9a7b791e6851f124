"""Documents: what was issued, what it took from the ledger, and what pays it. All of it is append-only."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from billing_portal.tenancy.models import MoneyField, Record
from customers.models import Customer, Transfer


class Series(Record):
    """A series of document numbers. Locked while a number is taken, last in the issuing transaction: 1…n without gap."""

    name = models.CharField(max_length=30, unique=True)
    next_number = models.PositiveIntegerField(default=1)


class Document(Record):
    """An issued document. Never changes: what follows (sent, paid, overdue) is told by mails, matches and dates beside it.

    The period is half-open local dates in the customer's zone; amounts are in the customer's currency, in its minor unit. A receipt's period is the
    day it was paid on, its total is what was paid, and nothing of it is ever open.
    A credit note names in `credits` the invoice it gives back; its amounts are above zero, its period is that invoice's.
    `snapshot` is the whole document as a value, frozen at issue; HTML and PDF are rendered from it and from nothing else.
    """

    class DocumentKind(models.TextChoices):
        INVOICE = "invoice", _("Invoice")
        CREDIT_NOTE = "credit_note", _("Credit note")
        RECEIPT = "receipt", _("Receipt")

    kind = models.CharField(max_length=20, choices=DocumentKind.choices, default=DocumentKind.INVOICE)
    credits = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="credit_notes")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="documents")
    series = models.ForeignKey(Series, on_delete=models.PROTECT)
    sequence = models.PositiveIntegerField()
    number = models.CharField(max_length=40, unique=True)
    period_start = models.DateField()
    period_end = models.DateField()
    time_zone = models.CharField(max_length=64)
    issued_at = models.DateTimeField()
    issued_on = models.DateField()
    due_on = models.DateField()
    currency = models.CharField(max_length=3)
    net = MoneyField()
    tax = MoneyField()
    total = MoneyField()
    snapshot = models.JSONField()
    actor_name = models.CharField(max_length=150)

    class Meta:
        ordering = ["-issued_at", "-sequence"]
        constraints = [
            models.UniqueConstraint(fields=["series", "sequence"], name="document_sequence_once"),
            models.UniqueConstraint(fields=["customer", "period_start"], condition=Q(kind="invoice"), name="one_invoice_per_period"),
            models.CheckConstraint(condition=Q(period_start__lt=models.F("period_end")), name="document_period"),
            models.CheckConstraint(condition=Q(total=models.F("net") + models.F("tax")), name="document_adds_up"),
            models.CheckConstraint(condition=Q(kind="credit_note") ^ Q(credits=None), name="credit_note_credits"),
        ]
        indexes = [models.Index(fields=["customer", "-issued_at"], name="document_of_customer")]

    def __str__(self) -> str:
        return self.number


class DocumentLine(Record):
    """One line of a document; its amount is in the minor unit, and the lines add up to the net. A line of an invoice is credited once."""

    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="lines")
    position = models.PositiveIntegerField()
    kind = models.CharField(max_length=20)
    description = models.CharField(max_length=200)
    detail = models.CharField(max_length=300, blank=True)
    quantity = models.DecimalField(max_digits=16, decimal_places=3)
    amount = MoneyField()
    credits = models.OneToOneField("self", on_delete=models.PROTECT, null=True, blank=True, related_name="credited_by")

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["document", "position"], name="document_line_once")]


class DocumentTax(Record):
    """One tax of a document: computed on the summed lines it applies to, after they were rounded (semantics 7)."""

    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="taxes")
    name = models.CharField(max_length=60)
    percent = models.DecimalField(max_digits=7, decimal_places=4)
    base = MoneyField()
    amount = MoneyField()
    transfer = models.OneToOneField(Transfer, on_delete=models.PROTECT, null=True, blank=True)


class LineTax(Record):
    """A line's part of a tax of its document, by largest remainder: the parts add up to the tax (semantics 7). What a credit note of the line gives back."""

    line = models.ForeignKey(DocumentLine, on_delete=models.PROTECT, related_name="taxes")
    tax = models.ForeignKey(DocumentTax, on_delete=models.PROTECT, related_name="parts")
    amount = MoneyField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["line", "tax"], name="line_tax_once")]


class Taken(Record):
    """This document has taken this movement; a movement is taken once (semantics 6). On an invoice, `line` is where it stands."""

    transfer = models.OneToOneField(Transfer, on_delete=models.PROTECT, related_name="taken")
    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="taken")
    line = models.ForeignKey(DocumentLine, on_delete=models.PROTECT, null=True, blank=True, related_name="taken")


class Match(Record):
    """So much of a credit, or of a credit note, settles so much of a document. Taken back by a row with the negative amount."""

    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="matches")
    credit = models.ForeignKey(Transfer, on_delete=models.PROTECT, null=True, blank=True, related_name="matches")
    note = models.ForeignKey(Document, on_delete=models.PROTECT, null=True, blank=True, related_name="settles")
    amount = MoneyField()
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(amount=0), name="match_moves_something"),
            models.CheckConstraint(condition=Q(credit=None) ^ Q(note=None), name="match_has_one_source"),
        ]


class DocumentFile(Record):
    """A rendering of a document, stored once: its path under the reseller's folder and its SHA-256."""

    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="files")
    format = models.CharField(max_length=10)
    path = models.CharField(max_length=300)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["document", "format"], name="document_file_once")]
