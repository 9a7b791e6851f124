"""One cell of a rates file as a value, or a sentence that says why not."""

import re
from decimal import Decimal
from functools import lru_cache

MAX_DESTINATION = 500
_MAX_PREFIX = 15
_PRICE = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,6})?|\.[0-9]{1,6}")
_COMMA_PRICE = re.compile(r"[0-9]{1,6},[0-9]{1,6}")
_THOUSANDS_OR_DECIMALS = re.compile(r"[1-9][0-9]{0,2},[0-9]{3}")
_ANY_NUMBER = re.compile(r"[0-9]+(?:[.,][0-9]+)?|[.,][0-9]+")
_EXPONENT = re.compile(r"[-+]?[0-9]+(?:[.,][0-9]+)?[eE][-+]?[0-9]+")
_GROUPED = re.compile(r"[0-9]{1,3}(?:[.,'’\s][0-9]{3})+(?:[.,][0-9]*)?")
_FORMULA = ("=", "@", "＝", "＠")
_BIDI = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")


class CellError(Exception):
    """The cell cannot be read; the text is the reason for people."""


@lru_cache(maxsize=65_536)
def money_amount(cell: str) -> Decimal:
    """An amount from 0 to 999,999.999999 with a decimal point, or with a comma that can be nothing but one."""
    text = cell.strip()
    if _PRICE.fullmatch(text):
        return Decimal(text)
    if _COMMA_PRICE.fullmatch(text) and not _THOUSANDS_OR_DECIMALS.fullmatch(text):
        return Decimal(text.replace(",", "."))
    raise CellError(_why_no_amount(text))


@lru_cache(maxsize=4096)
def whole_number(cell: str, least: int, most: int) -> int:
    text = cell.strip()
    _refuse_common(text)
    if text.startswith("-"):
        raise CellError(f"A number of seconds cannot be negative; {least} to {most:,} is possible.")
    if not re.fullmatch("[0-9]{1,9}", text):
        raise CellError("Not a whole number of seconds.")
    number = int(text)
    if not least <= number <= most:
        raise CellError(f"{number:,} is out of range; {least} to {most:,} seconds are possible.")
    return number


def prefix(cell: str) -> str:
    """1 to 15 digits, country code first; a leading + or 00 and spaces are dropped."""
    text = "".join(cell.split())
    digits = text[1:] if text.startswith("+") else text.removeprefix("00")
    if digits.isascii() and digits.isdigit() and len(digits) <= _MAX_PREFIX and digits[0] != "0":
        return digits
    _refuse_common(text)
    if not digits:
        raise CellError("The prefix has no digits.")
    if not digits.isascii() and digits.isdigit():
        raise CellError("The prefix is written in digits other than 0 to 9.")
    if not (digits.isascii() and digits.isdigit()):
        raise CellError("A prefix is digits only, country code first.")
    if digits[0] == "0":
        raise CellError("No country code begins with 0; write the prefix with its country code.")
    raise CellError(f"The prefix has {len(digits)} digits; at most {_MAX_PREFIX} are possible.")


def destination(cell: str) -> str:
    """The name of the destination on one line, without marks that turn the direction of writing."""
    text = " ".join(_BIDI.sub("", cell).split())
    if not text:
        raise CellError("The destination is empty.")
    if text.startswith(_FORMULA):
        raise CellError("The cell holds a formula, not a name.")
    if len(text) > MAX_DESTINATION:
        raise CellError(f"The destination has {len(text):,} characters; at most {MAX_DESTINATION} are possible.")
    return text


def _refuse_common(text: str) -> None:
    if not text:
        raise CellError("The cell is empty.")
    if text.startswith(_FORMULA):
        raise CellError("The cell holds a formula, not a value.")
    if _EXPONENT.fullmatch(text):
        raise CellError("Written with an exponent, as spreadsheets do; write all digits plainly.")


def _why_no_amount(text: str) -> str:
    try:
        _refuse_common(text)
    except CellError as refused:
        return str(refused)
    if text.startswith(("-", "\u2212")):
        return "A price cannot be negative."
    if _THOUSANDS_OR_DECIMALS.fullmatch(text):
        return f"The comma could mark thousands or decimals; write {text.replace(',', '.')} or {text.replace(',', '')}."
    if _GROUPED.fullmatch(text):
        return "Write the price without marks between thousands, decimals behind a point."
    if text.isascii() and _ANY_NUMBER.fullmatch(text):
        places = len(re.split("[.,]", text)[-1]) if re.search("[.,]", text) else 0
        return f"The price has {places} decimals; at most 6 are possible." if places > 6 else "The price is too large; at most 999999.999999 is possible."
    if not text.isascii() and text.replace(".", "").replace(",", "").isdigit():
        return "The price is written in digits other than 0 to 9."
    return "Not a number."
