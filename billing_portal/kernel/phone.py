"""Telephone numbers: what was dialled, as digits, and how digits are shown to people."""

import re
from functools import lru_cache

import phonenumbers

from billing_portal.kernel.errors import DomainError

_FILLERS = re.compile(r"[\s.()\[\]{}\u002d\u2010-\u2015\u2212\u00a0\u200b\u2060\ufeff]+")
_NUMBER = re.compile(r"[1-9][0-9]{6,14}")
EXTENSION = 4
"""The figures of an extension that a customer may choose itself; longer ones are its reseller's to give."""


def bare(to: str) -> str:
    """The dialled text without spaces, dots, dashes and brackets, then without a leading + or 00; a line's own name passes through unchanged otherwise."""
    text = _FILLERS.sub("", to)
    if text.startswith("+"):
        return text[1:]
    return text.removeprefix("00")


def dialled(to: str) -> str:
    """The international number in digits, 7 to 15 of them, not led by 0 (contracts, Calls). Raises `invalid_number`."""
    digits = bare(to)
    if not _NUMBER.fullmatch(digits):
        raise DomainError("invalid_number", "That is not an international number: 7 to 15 digits, country code first.", "to")
    return digits


def may_be_public(name: str) -> bool:
    """Whether dialling this name might call a number that is everybody's: figures alone, more of them than an extension has, or with 0 or + in front.

    A national number and a short one of a directory enquiry are among them, though this platform rates international ones only.
    """
    figures = _FILLERS.sub("", name)
    return figures.removeprefix("+").isdecimal() and (len(figures) > EXTENSION or figures[0] in "0+")


@lru_cache(maxsize=16384)
def display(digits: str) -> str:
    """A number for people, international and in groups: "+44 20 7946 0123"; a short or internal one as it is."""
    if not _NUMBER.fullmatch(digits):
        return digits
    try:
        number = phonenumbers.parse(f"+{digits}", None)
    except phonenumbers.NumberParseException:
        return f"+{digits}"
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
