"""Which passwords are taken (reliability 76)."""

import gzip
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import password_validation

from billing_portal.accounts.forms import NewPasswordForm
from billing_portal.accounts.models import User
from tests import sizes
from tests.support.people import user
from tests.support.second_factors import add_app

LIST = Path(password_validation.__file__).parent / "common-passwords.txt.gz"


def taken(password: str, person: User) -> bool:
    return NewPasswordForm({"password": password}, user=person).is_valid()


@pytest.fixture
def jane(acme: Any) -> User:
    return user("jane.whitfield", name="Jane Whitfield", email="jw@harbour-voice.example")


@pytest.mark.rel(76)
def test_none_of_the_common_passwords_is_taken_with_or_without_a_second_factor(jane: User) -> None:
    with gzip.open(LIST, "rt", encoding="utf-8") as lines:
        common = [line.strip() for line in lines]
    long_enough = [word for word in common if len(word) >= 8][: sizes.COMMON_PASSWORDS]
    without = [word for word in long_enough if taken(word, jane)]
    add_app(jane)
    beside = [word for word in long_enough if taken(word, jane) or taken(word.upper(), jane)]

    assert len(long_enough) == sizes.COMMON_PASSWORDS
    assert (without, beside) == ([], [])


@pytest.mark.rel(76)
@pytest.mark.parametrize("own", ["jane.whitfield", "JaneWhitfield1", "Jane Whitfield!", "jw@harbour-voice.example", "harbour-voice.example", "whitfield.jane"])
def test_ones_own_names_are_no_password(jane: User, own: str) -> None:
    add_app(jane)

    assert not taken(own, jane)


@pytest.mark.rel(76)
@pytest.mark.parametrize(
    ("password", "alone", "beside"),
    [("tall-Fe", False, False), ("tall-Fer", False, True), ("tall-Fern-green", True, True), ("the heron " + "walks " * 20 + "home", True, True)],
)
def test_the_length_asked_for_depends_on_a_second_factor(jane: User, password: str, alone: bool, beside: bool) -> None:
    without = taken(password, jane)
    add_app(jane)

    assert (without, taken(password, jane)) == (alone, beside)


@pytest.mark.rel(76)
def test_sixty_four_characters_of_any_script_are_taken_and_two_hundred_are_the_end(jane: User) -> None:
    assert taken("п" * 3 + "ароль из многих слов 与许多字符 und noch viel mehr davon, bitte sehr", jane)
    assert taken("ab cd ef gh ij " * 13, jane) is False, "a pattern, however long"
    assert not taken("".join(chr(33 + n % 90) for n in range(0, 7 * 201, 7)), jane)


def test_a_password_may_be_pasted(jane: User) -> None:
    """No attribute and no script of ours stands in the way (WCAG 3.3.8)."""
    field = str(NewPasswordForm(user=jane)["password"])

    assert 'autocomplete="new-password"' in field
    assert "paste" not in field
    scripts = [file.read_text(encoding="utf-8") for file in Path("billing_portal/static").glob("*.js")]
    assert not [script for script in scripts if "paste" in script]
