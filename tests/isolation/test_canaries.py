"""That the canaries sit where they are looked for, and that every address can be asked."""

from typing import Any

import pytest

from tests.isolation import canaries
from tests.isolation.arguments import Belongings, UnknownArgumentError
from tests.support import addresses
from tests.support.canary_words import WORD

pytestmark = [pytest.mark.django_db, pytest.mark.rel(60)]


def test_every_text_of_every_model_holds_its_resellers_word(resellers: Any) -> None:
    assert [f"{schema}: {field}" for schema in resellers for field in canaries.without(schema)] == []


def test_no_table_of_one_reseller_holds_the_word_of_another(resellers: Any) -> None:
    found = [table for schema in resellers for table in canaries.in_tables(schema, [word for name, word in WORD.items() if name != schema])]

    assert found == []


@pytest.mark.rel(62)
def test_every_argument_of_every_address_can_be_filled(resellers: Any) -> None:
    """What cannot be filled is not swept, so it is named here, all at once."""
    unknown = []
    for address in addresses.every():
        try:
            Belongings(resellers["acme"], "Bob").path(address)
        except UnknownArgumentError as problem:
            unknown.append(str(problem))

    assert unknown == []
