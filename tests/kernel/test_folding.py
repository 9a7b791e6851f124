"""Two names are the same one whoever compares them: this is asked, never the database."""

import unicodedata

import pytest

from billing_portal.kernel.folding import fold, is_plain, is_seen


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("desk1", "des\u212a1"),  # the sign of kelvin
        ("Büro Ä1", " BÜRO  ä1 "),
        ("Büro", "Bu\u0308ro"),
        ("Straße", "STRASSE"),
        ("stra\u1e9ee", "Strasse"),
        ("\u212bngström", "ångström"),
        ("\u2126", "ω"),
        ("442079460123", "４４２０７９４６０１２３"),
        ("desk1", "de\u00adsk1"),  # a soft hyphen
        ("desk1", "desk\u200d1"),
        ("desk1", "\u2060d\u034fe\u061cs\ufe0fk1\U000e0020\ufeff"),
        ("desk1", "\u3164desk1\uffa0"),  # letters of Hangul that nobody sees
        ("b\u00fcro", "bu\u00ad\u0308ro"),
        ("\u1fb3", "\u0391\u0345"),
    ],
)
def test_case_space_and_unicode_form_do_not_distinguish_names(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@pytest.mark.parametrize(("one", "other"), [("desk1", "desk2"), ("front-desk", "frontdesk"), ("Büro", "Buro"), ("a b", "ab")])
def test_other_signs_do(one: str, other: str) -> None:
    assert fold(one) != fold(other)


@pytest.mark.parametrize("name", ["\u00ad", " \u200b ", "\u3164\ufe0f", ""])
def test_what_nobody_sees_is_no_name(name: str) -> None:
    assert fold(name) == ""


def test_a_folded_name_is_folded_as_it_is() -> None:
    assert [sign for sign in map(chr, range(0x30000)) if fold(fold(sign)) != fold(sign)] == []


@pytest.mark.parametrize("name", ["de\0sk", "desk\n", "\x85", "a\u2028b", "\ud83d", "\x7f"])
def test_a_name_holds_no_control_characters(name: str) -> None:
    assert not is_plain(name)


BLANK = ["\u2800", "\ufff9", "\ufffa", "\ufffb", "\ufffc", "\U0001d159", "\U00013430"]
MEANS_NOTHING = ["\ufdd0", "\u0378", "\ue000", "\U000f0000"]


@pytest.mark.parametrize("sign", BLANK + MEANS_NOTHING)
def test_a_name_holds_no_sign_that_is_blank_or_has_no_meaning(sign: str) -> None:
    assert [is_plain(name) for name in (f"Anna{sign}", sign, f"{sign}Anna Ltd")] == [False] * 3


@pytest.mark.parametrize("name", [*BLANK, *MEANS_NOTHING, "", " ", "\u00ad", "\u3164", "\u200d\u2800", "\u0301", "\ufe0f"])
def test_a_name_of_which_nothing_can_be_seen_is_none(name: str) -> None:
    assert not is_seen(name)


@pytest.mark.parametrize("name", ["Ann", "7", "会議室", "می\u200cخواهم", "&", "☎", "\u2801", " ! ", "אבג"])
def test_a_letter_a_figure_punctuation_and_a_symbol_can_be_seen(name: str) -> None:
    assert is_seen(name)
    assert is_plain(name)


@pytest.mark.parametrize("name", ["Büro Ä1", "会議室", "می\u200cخواهم", "de\u00adsk", "☎"])
def test_other_signs_may_stand_in_a_name(name: str) -> None:
    assert is_plain(name)
    assert unicodedata.is_normalized("NFC", fold(name))
