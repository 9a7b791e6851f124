"""Telephone numbers: what was dialled, as digits, and how digits are shown to people."""

import re
import unicodedata
from functools import lru_cache

import phonenumbers

from billing_portal.kernel.errors import DomainError
from billing_portal.kernel.folding import fold

_FILLERS = re.compile(r"[\s.()\[\]{}\u002d\u2010-\u2015\u2212\u00a0\u200b\u2060\ufeff]+")
_NUMBER = re.compile(r"[1-9][0-9]{6,14}")
_EXTENSION = re.compile(r"[1-9][0-9]{0,3}")
"""What a customer may choose itself; longer ones are its reseller's to give."""


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


def is_extension(name: str) -> bool:
    """Whether the name is figures alone, as few as an extension has and none of them in front a 0."""
    return _EXTENSION.fullmatch(fold(name)) is not None


def is_word(name: str) -> bool:
    """Whether no telephone network knows the name: a letter first, then letters, figures, spaces, dots, dashes and underscores.

    Not so "118118", "+44…", "*21#", "４４…", nor "442079460123@carrier" or "tel:…", as some switches write numbers.
    """
    folded = fold(name)
    kinds = [unicodedata.category(sign)[0] for sign in folded]
    return kinds[:1] == ["L"] and all(kind in "LMN" or sign in " .-_" for kind, sign in zip(kinds, folded, strict=True))


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
