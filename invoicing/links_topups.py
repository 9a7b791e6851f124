"""Where top-ups stand in the menu and behind links."""

from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from billing_portal.accounts import rights, words
from billing_portal.accounts.models import Role
from billing_portal.accounts.rights import Right
from billing_portal.web import registry
from customers.domain import low_balance
from invoicing.domain import topup_triggers
from invoicing.models import TopUpRequest
from invoicing.queries import topups


def register() -> None:
    """Requests in the menu with how many wait, the customer's own page, the words of what is done, and the trigger after postings."""
    deciders = rights.roles(Right.MOVE_MONEY)
    low_balance.register(topup_triggers.after_posting)
    registry.menu.add("Commerce", _("Requests"), "invoicing:requests", icon="inbox", roles=deciders, order=45, badge=topups.waiting)
    registry.menu.add("Account", _("Top-ups"), "invoicing:my-topups", icon="coins", roles=(Role.ACCOUNT_ADMIN, *deciders), audience="customer", order=40)
    registry.resolvers.add("topup_request", request)
    words.add(
        {
            "topup.asked": _("Top-up asked for"),
            "topup.approved": _("Top-up approved"),
            "topup.rejected": _("Top-up rejected"),
            "topup.parked": _("Automatic top-up parked"),
            "topup.released": _("Automatic top-up released"),
        }
    )


def request(id_: str) -> str | None:
    """The address of a request's page by its id."""
    return reverse("invoicing:request", args=[id_]) if TopUpRequest.objects.filter(pk=UUID(id_)).exists() else None
