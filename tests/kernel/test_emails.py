"""An email address is the same one to everybody who reads it."""

import pytest
from django.core.exceptions import ValidationError

from billing_portal.kernel import emails

QUOTED = ['"a\x0bBcc:evil@evil.example"@x.example', '"a\x0c"@x.example', '"a\x1cX-Evil:1"@x.example', '"a\x1f"@x.example', '"a\x7f"@x.example']


@pytest.mark.parametrize("address", ["jane@example.com", "Jane.O'Hara+bills@EXAMPLE.com", "jane@müller.example", '"jane,doe"@example.com'])
def test_what_people_have_is_taken(address: str) -> None:
    emails.check(address)


@pytest.mark.rel(88)
@pytest.mark.parametrize("address", [*QUOTED, "a@b.c\r\nBcc:", "jane", ""])
def test_what_would_end_a_header_is_none(address: str) -> None:
    with pytest.raises(ValidationError):
        emails.check_sendable(address)


@pytest.mark.rel(74)
@pytest.mark.parametrize("address", ["bob@w\u0130dgets.example", "\u212aate@widgets.example"])
def test_one_that_a_database_writes_small_as_somebody_elses_is_refused(address: str) -> None:
    emails.check_sendable(address)
    with pytest.raises(ValidationError, match="in small letters"):
        emails.check(address)


def test_there_are_no_other_letters_whose_small_ones_are_in_ascii() -> None:
    assert [sign for sign in map(chr, range(0x80, 0x110000)) if sign.lower()[0].isascii()] == ["İ", "\u212a"]
