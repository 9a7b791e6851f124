"""The database's own `kernel.folding.fold`, for rows of a release that knows no folded columns; the same whatever the database calls lower case."""

import sys

from django.db.models import Func, TextField

from billing_portal.kernel.folding import UNSEEN


class PlainlyFolded(Func):
    """The folded form of a text of visible ASCII with single spaces, which every database makes alike; empty of any other, which Python alone folds.

    For an index of texts: who asks by it asks for the empty one too, and folds what is found.
    """

    template = """coalesce(lower(substring(%(expressions)s COLLATE "C" from '^[!-~]+(?: [!-~]+)*$')), '')"""
    output_field = TextField()


def function(name: str) -> str:
    """The statement that makes `name(text)`, which answers the folded form. The folds of single signs are listed, as Python knows them."""
    return f"""
        CREATE OR REPLACE FUNCTION {name}(given text) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT AS $fold$
        DECLARE seen text := normalize(regexp_replace(given, {_quoted(f"[{UNSEEN}]")}, '', 'g'), NFD);
        BEGIN
            FOR twice IN 1..2 LOOP
                seen := normalize({_casefolded("seen")}, NFKC);
            END LOOP;
            RETURN btrim(regexp_replace(seen, {_quoted(f"[{_spaces()}]+")}, ' ', 'g'));
        END $fold$"""


def _casefolded(text: str) -> str:
    folds = {sign: sign.casefold() for sign in map(chr, range(sys.maxunicode + 1)) if sign.casefold() != sign}
    single = {sign: folded for sign, folded in folds.items() if len(folded) == 1}
    text = f"translate({text}, {_quoted(''.join(single))}, {_quoted(''.join(single.values()))})"
    for sign, folded in folds.items():
        if len(folded) > 1:
            text = f"replace({text}, {_quoted(sign)}, {_quoted(folded)})"
    return text


def _spaces() -> str:
    return "".join(sign for sign in map(chr, range(1, 0x10000)) if sign.isspace())


def _quoted(text: str) -> str:
    assert not {"'", "\\"} & set(text)
    return f"'{text}'"
