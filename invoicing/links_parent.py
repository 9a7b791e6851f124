"""Where a reseller's own account at its parent stands in the menu: nowhere at the root, which has none."""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from billing_portal.accounts import rights, words
from billing_portal.accounts.rights import Right
from billing_portal.web import registry
from billing_portal.web.registry import Item
from billing_portal.web.viewer import Viewer
from invoicing import parent_account


@dataclass(frozen=True)
class BelowAParent(Item):
    """An entry that only resellers with a parent have."""

    def open_to(self, viewer: Viewer) -> bool:
        return super().open_to(viewer) and parent_account.exists()


def register() -> None:
    """Called at start-up (semantics 38)."""
    may_see = rights.roles(Right.SEE_MARGINS)
    label = _("My account")
    registry.menu.items.append(BelowAParent("Commerce", label, "invoicing:parent-account", "building-bank", "staff", may_see, 90, None))
    words.add({"parent.topup_asked": _("Top-up asked for at the parent")})
