"""Where this app's pages are reached from: the menu, the search, and the links of the audit trail."""

from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from billing_portal.accounts import words
from billing_portal.accounts.rights import Extent, Right, roles
from billing_portal.web import registry
from billing_portal.web.registry import Hit
from billing_portal.web.viewer import Viewer
from rateplans import queries
from rateplans.domain import cost_plans

MAY_SEE = roles(Right.TERMS, Extent.ALL, Extent.SEE)
MAY_CHANGE = roles(Right.TERMS)
MAY_SET = roles(Right.PLATFORM)
MOST_HITS = 8


def register() -> None:
    registry.menu.add("Commerce", _("Rate plans"), "rateplans:list", icon="list-details", roles=MAY_SEE, order=20)
    registry.menu.add("Commerce", _("Taxes"), "rateplans:taxes", icon="receipt-tax", roles=MAY_SEE, order=60)
    registry.menu.add("Settings", _("Invoicing terms"), "rateplans:terms", icon="file-certificate", roles=MAY_SET, order=30)
    registry.menu.add("Settings", _("Currencies"), "rateplans:currencies", icon="currency-euro", roles=MAY_SET, order=60)
    registry.search.add(_("Rate plans"), find)
    registry.resolvers.add("plan", lambda id_: reverse("rateplans:plan", args=[id_]))
    registry.resolvers.add("tax", lambda id_: reverse("rateplans:tax", args=[id_]))
    registry.resolvers.add("terms", lambda _id: reverse("rateplans:terms"))
    words.add(ACTIONS, FIELDS)


ACTIONS = {"exchange.changed": _("Exchange rate written"), "exchange.imported": _("Exchange rates imported")}
FIELDS = {
    "precision": _("Decimals of a price"),
    "due_days": _("Days until due"),
    "charge_connection_at_zero": _("Connection charge without talk"),
    "position": _("Place in lists"),
    "markup_percent": _("Mark-up, %"),
    "sharing": _("Sharing"),
    "cost_plan": _("Cost plan"),
    "amount_cap": _("Most by hand at once"),
    "raise_cap": _("Most raise of a credit limit"),
    "document_prefix": _("Prefix of document numbers"),
    "on_account_fees": _("On account fees"),
    "liable_by_default": _("New customers are liable"),
}


def find(viewer: Viewer, term: str) -> Iterator[Hit]:
    """The rate plans that the search box finds."""
    if viewer.role not in MAY_SEE or viewer.acting:
        return
    for plan in queries.visible_plans().filter(name__icontains=term).exclude(pk__in=cost_plans.shut_to(viewer))[:MOST_HITS]:
        yield Hit(plan.name, plan.currency, reverse("rateplans:plan", args=[plan.pk]))
