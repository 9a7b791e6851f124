"""The one rule of what a switch may leave behind: no way back in (semantics 34, reliability 69, 71).

How somebody signs in is touched by nobody who is switched: passwords, emails, second factors, passkeys, links that are handed over, keys. Those
pages carry `web.access.never_switched`. Who came from a parent lets nobody in either: they add no account, open none again, raise no role and order
no reseller, and a customer that they add has nobody yet who could sign in for it. Those pages carry `web.access.never_from_above`, and the verbs
ask here. Staff who manage a customer of their own do these by the right they have without the switch. Whom one shuts out or writes to stays open:
mails go to addresses on file, which do not change meanwhile. `tests/isolation/switch_table.py` names every address.
"""

from django.utils.translation import gettext as _

from billing_portal.accounts.actor import Actor
from billing_portal.kernel.errors import require


def may(actor: Actor) -> bool:
    """Whether this actor may let somebody in here: who works for this reseller, or a program; not who came from a parent."""
    return not actor.schema


def require_may(actor: Actor, field: str | None = None) -> None:
    """Raises `from_above`."""
    require(may(actor), "from_above", _("Who may sign in here, and in which role, its own staff decide. You came from a reseller above."), field)
