"""Where the platform's own pages stand in the menu, and what links to them."""

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from billing_portal.accounts import rights
from billing_portal.accounts.queries import ABOUT_USER, staff
from billing_portal.accounts.rights import Right
from billing_portal.web import registry
from billing_portal.web.pages import jobs


def register() -> None:
    """Called once at start-up."""
    administrators = rights.roles(Right.PLATFORM)
    registry.menu.add("Settings", _("Company"), "web:company", icon="building", roles=administrators, order=10)
    registry.menu.add("Settings", _("Staff"), "web:staff", icon="user-shield", roles=administrators, order=20)
    registry.menu.add("Settings", _("Switches and keys"), "web:switches", icon="server", roles=administrators, order=30)
    registry.menu.add("Platform", _("Audit"), "web:audit", icon="history", roles=administrators, order=60)
    registry.menu.add("Platform", _("Mails"), "web:mails", icon="mail", roles=rights.roles(Right.LOCK), order=70)
    registry.menu.add("Platform", _("Jobs"), "web:jobs", icon="checklist", roles=administrators, order=80, badge=jobs.given_up)
    registry.resolvers.add(ABOUT_USER, _staff_page)
    registry.resolvers.add("switch", lambda _id: reverse("web:switches"))
    registry.resolvers.add("company", lambda _id: reverse("web:company"))
    registry.resolvers.add("mail", lambda id_: reverse("web:mail", args=[id_]))
    registry.resolvers.add("job", lambda _id: reverse("web:jobs"))


def _staff_page(id_: str) -> str | None:
    return reverse("web:staff-person", args=[id_]) if staff().filter(pk=id_).exists() else None
