"""Where calls stand in the frame of the pages: menu, badge, tabs, links."""

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from billing_portal.accounts import words
from billing_portal.web import registry
from billing_portal.web.viewer import STAFF
from invoicing import links_parent
from invoicing.models import WaitingCall
from invoicing.queries import calls
from invoicing.views.calls import OWN


def register() -> None:
    """Called at start-up (semantics 38)."""
    registry.menu.add("Reports", _("Calls"), "invoicing:calls", icon="phone-call", roles=STAFF, order=10)
    registry.menu.add("Reports", _("Waiting calls"), "invoicing:waiting-calls", icon="clock-pause", roles=STAFF, order=20, badge=calls.waiting_count)
    registry.menu.add("Account", _("Calls"), "invoicing:my-calls", icon="phone-call", roles=OWN, audience="customer", order=15)
    registry.customer_tabs.add(_("Calls"), "invoicing:customer-calls", order=20)
    links_parent.register()
    registry.resolvers.add("waiting_call", waiting_call)
    words.add({"call.first_kept": _("First of two records kept"), "call.price_changed": _("Posted calls rated again")})


def waiting_call(id_: str) -> str | None:
    """The queue, as long as the call waits in it."""
    waits = WaitingCall.objects.filter(pk=id_, state=WaitingCall.State.WAITING).exists()
    return reverse("invoicing:waiting-calls") if waits else None
