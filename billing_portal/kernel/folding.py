"""When two names are the same one: decided here alone, since what a database calls lower case depends on how it was set up."""

import unicodedata


def fold(name: str) -> str:
    """The form in which names are compared: case, white space and Unicode form do not distinguish them."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())
