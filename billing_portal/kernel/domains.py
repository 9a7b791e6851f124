"""What somebody registers: a suffix that everybody shares, such as co.uk, and one label before it."""

from functools import cache

from publicsuffixlist import PublicSuffixList


def registered(host: str) -> str | None:
    """The domain that was registered for this host: "north.co.uk" for "portal.north.co.uk"; None for what everybody shares, such as "co.uk" or "intranet"."""
    return _suffixes().privatesuffix(host)


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()
