"""Email addresses: what Django takes for one, less what means another one elsewhere."""

import re

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext_lazy as _

_BREAKS = re.compile("[\u0000-\u0020\u007f-\u009f]")
"""Control characters, which may stand in a quoted name: the library of mails ends the line of a header at some of them (reliability 88)."""
_CAPITALS = re.compile("[\u0130\u212a]")
"""The two letters beyond ASCII whose small ones are in ASCII: "İ" and the sign of Kelvin. A database that writes them small takes the address for that of
somebody else, at a domain that is another one (reliability 74)."""


def check(address: str) -> None:
    """Refuse what is no address, or is not written so that everybody reads the same one. Raises `ValidationError`."""
    validate_email(address)
    check_letters(address)


def check_letters(address: str) -> None:
    """The same of what is known as an address, for a field that has asked Django. Raises `ValidationError`."""
    _check_line(address)
    if _CAPITALS.search(address):
        raise ValidationError(_("Write the address in small letters."), code="capitals")


def check_sendable(address: str) -> None:
    """Refuse what is no address on one line of a header. Raises `ValidationError`."""
    validate_email(address)
    _check_line(address)


def _check_line(address: str) -> None:
    if _BREAKS.search(address):
        raise ValidationError(validate_email.message, code=validate_email.code)
