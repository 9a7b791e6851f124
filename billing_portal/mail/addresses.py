"""Whom a mail is for may have another address by the time it leaves. The apps that write such mails say which it is now, for a lower app asks none above."""

from collections.abc import Callable
from uuid import UUID

from billing_portal.mail.models import MailLog

Today = Callable[[UUID], str]
_today: dict[str, Today] = {}


def register(today: Today, *kinds: str) -> None:
    """Mails of these kinds go to the address that this answers for what they are about; it is empty when there is none any more."""
    _today.update(dict.fromkeys(kinds, today))


def moved_to(mail: MailLog) -> str | None:
    """The address of today when the mail was written to another one; None when it was not, and for mails to an address that somebody named for it."""
    today = _today.get(mail.kind)
    if today is None or mail.about_id is None:
        return None
    address = today(mail.about_id)
    return None if mail.recipients == [address] else address
