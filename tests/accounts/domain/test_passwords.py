import pytest

from billing_portal.accounts.domain import passwords


@pytest.mark.rel(76)
@pytest.mark.parametrize("password", ["aaaaaaaaaaaaaaa", "passwordpassword", "123456789012345", "abcdefghijklmnop", "98765432109876543", "PasswordpassWORD"])
def test_long_passwords_made_of_nothing_are_patterns(password: str) -> None:
    assert passwords.is_pattern(password)


@pytest.mark.parametrize("password", ["copper kettle on the hill", "correct horse battery staple", "Tr0ub4dor&3 in the attic"])
def test_words_that_do_not_belong_together_are_none(password: str) -> None:
    assert not passwords.is_pattern(password)
