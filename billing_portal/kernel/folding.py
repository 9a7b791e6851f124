"""When two names are the same one: decided here alone, since what a database calls lower case depends on how it was set up."""

import re
import unicodedata

UNSEEN = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
"""What Unicode calls default ignorable, as a class of signs: soft hyphens, joiners, selectors of a variant and others that nobody sees."""

_UNSEEN = re.compile(f"[{UNSEEN}]")
_NOT_PLAIN = {"Cc", "Cn", "Co", "Cs", "Zl", "Zp"}
_BLANK = re.compile("[\u2800\ufff9-\ufffc\U0001d159\U00013430-\U0001343f]")
"""What draws nothing, or what another sign stands in for, and is none of the above: an empty Braille cell, marks of annotations, a note without a head."""
_DRAWN = {"L", "N", "P", "S"}


def fold(name: str) -> str:
    """The form in which names are compared: case, white space, Unicode form and what nobody sees do not distinguish them (D146 of the Unicode standard)."""
    if name.isascii():
        return " ".join(name.lower().split())
    seen = unicodedata.normalize("NFD", _UNSEEN.sub("", name))
    for _twice in range(2):
        seen = unicodedata.normalize("NFKC", seen.casefold())
    return " ".join(seen.split())


def is_plain(name: str) -> bool:
    """Whether it can be written on one line and read: no control character, no break, no half of a sign, none that has no meaning yet, none that is
    blank."""
    return not _BLANK.search(name) and not any(unicodedata.category(sign) in _NOT_PLAIN for sign in name)


def is_seen(name: str) -> bool:
    """Whether a sign of it can be seen: a letter, a figure, punctuation or a symbol."""
    return any(unicodedata.category(sign)[0] in _DRAWN for sign in _BLANK.sub("", fold(name)))
