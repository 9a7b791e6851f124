"""Numbers of payment cards that people type into notes: found by brand, length and check digit, and made unreadable (reliability 89)."""

import re
import unicodedata
from collections.abc import Iterator

_RUN = re.compile(r"\d(?:[ \-\u2010-\u2014._/\u00a0\u2009\t\r\n]{0,2}\d){13,}")
_BRANDS = (
    (re.compile(r"4"), (16, 19)),  # Visa
    (re.compile(r"5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720"), (16,)),  # Mastercard
    (re.compile(r"3[47]"), (15,)),  # American Express
    (re.compile(r"6011|64[4-9]|65"), (16, 19)),  # Discover
    (re.compile(r"30[0-5]|3[689]"), (14, 16)),  # Diners Club
    (re.compile(r"35(2[89]|[3-8])"), (16,)),  # JCB
    (re.compile(r"62"), (16, 17, 18, 19)),  # UnionPay
    (re.compile(r"220[0-4]"), (16,)),  # Mir
    (re.compile(r"50|5[6-8]|67"), (16, 18, 19)),  # Maestro
)
_MARK = 4  # no brand looks at more digits
_CLEAR = 4


def masked(text: str) -> str:
    """The text with every card number as X, its last four digits kept. Telephone and account numbers stay as they are."""
    letters = list(text)
    for run in _RUN.finditer(text):
        places = [place for place in range(*run.span()) if letters[place].isdecimal()]
        for card in _cards(text, places):
            for place in card[:-_CLEAR]:
                letters[place] = "X"
    return "".join(letters)


def _cards(text: str, places: list[int]) -> Iterator[list[int]]:
    """Where the digits of each card stand among these; a card begins and ends with a group of digits."""
    digits = "".join(str(unicodedata.decimal(text[place])) for place in places)
    begin = 0
    while begin < len(places):
        ends = (begin + length for length in _lengths(digits[begin : begin + _MARK]))
        found = next((places[begin:end] for end in ends if _ends_group(text, places, end) and _adds_up(digits[begin:end])), None)
        if found:
            yield found
        begin += len(found) if found else _group(places, begin)


def _lengths(first: str) -> list[int]:
    """How many digits a card has that begins with these, the most first; none when no brand begins so."""
    return sorted({length for brand, lengths in _BRANDS if brand.match(first) for length in lengths}, reverse=True)


def _group(places: list[int], begin: int) -> int:
    """How many digits stand together from here on."""
    size = 1
    while begin + size < len(places) and places[begin + size] == places[begin + size - 1] + 1:
        size += 1
    return size


def _ends_group(text: str, places: list[int], end: int) -> bool:
    """Whether there are so many digits, and no other stands right behind the last of them."""
    return end <= len(places) and not text[places[end - 1] + 1 : places[end - 1] + 2].isdecimal()


def _adds_up(digits: str) -> bool:
    """The check digit fits (Luhn)."""
    doubled = [2 * int(digit) for digit in digits[-2::-2]]
    return (sum(int(digit) for digit in digits[-1::-2]) + sum(each - 9 if each > 9 else each for each in doubled)) % 10 == 0
