"""The currencies in use: ISO 4217 codes with their names."""

from functools import lru_cache

from babel import Locale
from babel.core import get_global


@lru_cache(maxsize=1)
def codes() -> frozenset[str]:
    """Codes that are legal tender somewhere today."""
    by_territory = get_global("territory_currencies")
    return frozenset(code for spans in by_territory.values() for code, _start, end, tender in spans if tender and end is None)


@lru_cache(maxsize=16)
def named(locale: str = "en") -> tuple[tuple[str, str], ...]:
    """(code, "GBP, British Pound") of each, by code."""
    names = Locale.parse(locale, sep="-" if "-" in locale else "_").currencies
    return tuple((code, f"{code}, {names.get(code, code)}") for code in sorted(codes()))
