"""Every mail that left or is to leave, as it was written."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from billing_portal.tenancy.models import Record


class MailLog(Record):
    """One mail. Its text never changes after it was written, but that a link by which somebody could come in is cut out of it once it was sent.

    `state` tells what became of it. The Message-ID is fixed here, so a repeat is recognised.
    """

    class State(models.TextChoices):
        QUEUED = "queued", _("Waiting")
        SENT = "sent", _("Sent")
        FAILED = "failed", _("Failed")
        MOVED = "moved", _("Address changed")

    kind = models.CharField(max_length=40)
    key = models.CharField(max_length=200, unique=True)
    sender = models.CharField(max_length=300)
    reply_to = models.CharField(max_length=254, blank=True)
    recipients = models.JSONField()
    subject = models.CharField(max_length=300)
    text = models.TextField()
    html = models.TextField()
    attachments = models.JSONField(default=list)
    message_id = models.CharField(max_length=200)
    about_kind = models.CharField(max_length=40, blank=True)
    about_id = models.UUIDField(null=True, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    sent_at = models.DateTimeField(null=True, blank=True)
    error = models.TextField(blank=True)

    class Meta:
        indexes = [models.Index(fields=["about_kind", "about_id", "-created_at"], name="mail_about")]

    def __str__(self) -> str:
        return f"{self.kind} to {', '.join(self.recipients)}"
