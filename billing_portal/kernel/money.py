"""Money: the only rounding of the portal, spreading of a rounded total, and how amounts are written."""

import copy
from collections.abc import Sequence
from decimal import MAX_EMAX, MIN_EMIN, ROUND_HALF_UP, Clamped, Context, Decimal, DivisionByZero, Inexact, InvalidOperation, Overflow, localcontext
from fractions import Fraction
from functools import lru_cache

from babel import Locale
from babel.numbers import NumberPattern

MINUS = "\u2212"
MAX_PLACES = 6
_DIGITS = 400
_ROUNDING = Context(prec=_DIGITS, rounding=ROUND_HALF_UP, Emin=MIN_EMIN, Emax=MAX_EMAX, traps=[InvalidOperation, DivisionByZero, Overflow])
EXACT = Context(prec=_DIGITS, rounding=ROUND_HALF_UP, traps=[Inexact, Clamped, InvalidOperation, DivisionByZero, Overflow])
"""Arithmetic that is exact or raises: nothing is rounded on the way to the one rounding at the end."""

# ISO 4217's minor units where they are not two. CLDR (and so Babel) counts cash in use and differs, for instance for IQD.
OTHER_MINOR_UNITS = dict.fromkeys(["BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"], 0)
OTHER_MINOR_UNITS |= dict.fromkeys(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"], 3) | {"CLF": 4, "UYW": 4}


def round_half_up(amount: Decimal, places: int) -> Decimal:
    """`amount` with so many decimals, halves away from zero; never a negative zero."""
    return _ROUNDING.plus(amount.quantize(Decimal(1).scaleb(-places), context=_ROUNDING))


def divide_half_up(numerator: Decimal, denominator: int | Decimal, places: int) -> Decimal:
    """The exact quotient, rounded once, half-up (a third of a cent has no exact Decimal to round afterwards)."""
    exact = Fraction(numerator) / Fraction(denominator)
    units = _half_up(exact * 10**places)
    return _ROUNDING.scaleb(Decimal(units), -places)


def _half_up(value: Fraction) -> int:
    units = (2 * abs(value.numerator) + value.denominator) // (2 * value.denominator)
    return units if value >= 0 else -units


def minor_units(currency: str) -> int:
    """Decimals of the currency's smallest coin by ISO 4217: 2 for GBP, 0 for JPY, 3 for KWD."""
    return OTHER_MINOR_UNITS.get(currency.upper(), 2)


def to_minor(amount: Decimal, currency: str) -> Decimal:
    return round_half_up(amount, minor_units(currency))


def whole_minor(amount: Decimal, currency: str) -> Decimal:
    """The whole minor units in an amount, nothing when it is below zero: so much of it can leave, what is finer stays where it is."""
    return amount - amount % Decimal(1).scaleb(-minor_units(currency)) if amount > 0 else Decimal(0)


def spread(total: Decimal, parts: Sequence[Decimal], places: int) -> list[Decimal]:
    """Share `total` over `parts` with so many decimals, by largest remainder; the shares add up to `total` exactly (semantics 7, 10).

    When `total` is the rounded sum of `parts`, each share is its part rounded up or down, signs kept. Otherwise the parts are weights
    (all equal when they add up to nothing). Ties go to the larger part, then to the earlier. A zero part stays zero while others differ from zero.
    """
    target = Fraction(total) * 10**places
    if target.denominator != 1:
        raise ValueError(f"{total} has more than {places} decimals")
    if not parts:
        if total:
            raise ValueError("no parts to spread over")
        return []
    ideals = _ideals(target, [Fraction(part) * 10**places for part in parts])
    units = [ideal.numerator // ideal.denominator for ideal in ideals]
    left = target.numerator - sum(units)
    ranking = sorted(range(len(parts)), key=lambda n: (units[n] - ideals[n], -abs(parts[n]), n))
    for n in ranking[:left]:
        units[n] += 1
    return [_ROUNDING.scaleb(Decimal(unit), -places) for unit in units]


def _ideals(target: Fraction, parts: list[Fraction]) -> list[Fraction]:
    whole = sum(parts, Fraction(0))
    if any(parts) and abs(target - whole) < 1:
        return parts
    if not whole:
        return [target / len(parts)] * len(parts)
    return [target * part / whole for part in parts]


def plain(amount: Decimal) -> str:
    """Plain decimals as JSON, commands and CSV carry them: "0.0360", "-12.5", never an exponent or a negative zero."""
    return format(amount if amount else abs(amount), "f")


def text(amount: Decimal, currency: str, locale: str = "en", *, places: int | None = None) -> str:
    """An amount for people: "1,182.40 GBP", with a true minus sign, in the locale's grouping and decimal mark.

    Decimals beyond the minor unit are shown when they are there (a balance of 10.9877 is not 10.99); `places` shows exactly so many, rounded half-up.
    """
    return f"{number(amount, locale, places=places, least=minor_units(currency))} {currency}"


def number(amount: Decimal, locale: str = "en", *, places: int | None = None, least: int = 2) -> str:
    """An amount for people without its currency, for columns whose head names it."""
    shown = round_half_up(amount, MAX_PLACES if places is None else places)
    digits = (least, max(least, MAX_PLACES)) if places is None else (places, places)
    with localcontext(_ROUNDING):
        written: str = _pattern(locale, digits).apply(shown, Locale.parse(locale, sep="-" if "-" in locale else "_"))
    return written.replace("-", MINUS)


@lru_cache(maxsize=64)
def _pattern(locale: str, digits: tuple[int, int]) -> NumberPattern:
    parsed = Locale.parse(locale, sep="-" if "-" in locale else "_")
    pattern: NumberPattern = copy.copy(parsed.decimal_formats[None])
    pattern.frac_prec = digits
    return pattern
