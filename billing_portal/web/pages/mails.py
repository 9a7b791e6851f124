"""Platform » Mails: what was written to whom, what became of it, and sending it again."""

import re
from base64 import b64encode
from hashlib import sha256
from html import unescape
from uuid import UUID

from django.contrib import messages
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_POST, require_safe

from billing_portal.accounts import rights
from billing_portal.accounts.domain import again
from billing_portal.accounts.rights import Right
from billing_portal.mail import personal
from billing_portal.mail.models import MailLog
from billing_portal.web import registry
from billing_portal.web.access import roles
from billing_portal.web.headers import policy
from billing_portal.web.listing import Chip, Listing
from billing_portal.web.pages import page
from billing_portal.web.pages.actors import actor_of
from billing_portal.web.viewer import PortalRequest

READERS = rights.roles(Right.LOCK)
CHIPS = (
    Chip("failed", gettext_lazy("Failed"), Q(state=MailLog.State.FAILED)),
    Chip("queued", gettext_lazy("Waiting"), Q(state=MailLog.State.QUEUED)),
    Chip("sent", gettext_lazy("Sent"), Q(state=MailLog.State.SENT)),
)
# The preview is a document of its own: sandboxed, no script, no network, only the styles that stand in this mail, each by its hash.
PREVIEW_POLICY = "default-src 'none'; style-src {styles}; img-src data:; form-action 'none'; base-uri 'none'; frame-ancestors 'self'; sandbox"
STYLES = re.compile(r"<style[^>]*>(.*?)</style>|\sstyle=\"([^\"]*)\"", re.DOTALL)


@roles(*READERS)
@require_safe
def overview(request: PortalRequest) -> HttpResponse:
    listing = Listing(
        request.GET,
        MailLog.objects.defer("text", "html"),
        search=("subject__icontains", "recipients__icontains", "kind__icontains"),
        chips=CHIPS,
        sorts={"at": ("created_at",), "subject": ("subject",)},
        default="-at",
    )
    return page(request, "web/pages/mails.html", listing=listing)


@roles(*READERS)
@require_safe
def mail(request: PortalRequest, mail: UUID) -> HttpResponse:
    found = get_object_or_404(MailLog, pk=mail)
    about = registry.resolvers.link(found.about_kind, found.about_id) if found.about_id else None
    may_resend = found.kind not in personal.KINDS and found.state != MailLog.State.QUEUED
    answer = page(request, "web/pages/mail.html", mail=found, text=personal.without_links(found.text), about=about or "", may_resend=may_resend)
    answer.headers["Content-Security-Policy"] = policy(frame_src="'self'")
    return answer


@roles(*READERS)
@xframe_options_sameorigin
@require_safe
def preview(request: PortalRequest, mail: UUID) -> HttpResponse:
    """The mail's HTML for the sandboxed frame of its page; links that set a password are taken out."""
    found = get_object_or_404(MailLog, pk=mail)
    content = personal.without_links(found.html)
    return HttpResponse(content, headers={"Content-Security-Policy": PREVIEW_POLICY.format(styles=styles_of(content))})


def styles_of(content: str) -> str:
    """The style sheets and style attributes of a mail as a policy names them: these and no others (reliability 79)."""
    found = {sheet or unescape(attribute) for sheet, attribute in STYLES.findall(content)}
    hashes = sorted(b64encode(sha256(style.encode()).digest()).decode() for style in found)
    return " ".join(["'unsafe-hashes'", *(f"'sha256-{each}'" for each in hashes)]) if hashes else "'none'"


@roles(*READERS)
@require_POST
def resend(request: PortalRequest, mail: UUID) -> HttpResponse:
    found = get_object_or_404(MailLog, pk=mail)
    sent = again.resend(found, actor=actor_of(request), at=timezone.now())
    said = _("The mail is on its way again.") if sent == found else _("The mail is on its way to %(to)s.") % {"to": ", ".join(sent.recipients)}
    messages.success(request, said)
    return redirect("web:mail", mail=sent.pk)
