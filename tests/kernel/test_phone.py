import pytest

from billing_portal.kernel import phone
from billing_portal.kernel.errors import DomainError


@pytest.mark.parametrize(
    "to", ["442079460123", "+442079460123", "00442079460123", "+44 (20) 7946-0123", "+44.20.7946.0123", "0044\u00a020 7946–0123", " +44[20]79460123 "]
)
def test_what_was_dialled_becomes_digits(to: str) -> None:
    assert phone.dialled(to) == "442079460123"


@pytest.mark.parametrize("digits", ["4420794", "442079460123456"])
def test_seven_to_fifteen_digits_are_a_number(digits: str) -> None:
    assert phone.dialled(digits) == digits


@pytest.mark.parametrize(
    "to",
    [
        "",
        "   ",
        "+",
        "00",
        "02079460123",
        "+0442079460123",
        "000442079460123",
        "442079",
        "4420794601234567",
        "44207946012x",
        "++442079460123",
        "00+442079460123",
        "٤٤٢٠٧٩٤٦٠١٢٣",
        "４４２０７９４６０１２３",
        "1001",
        "44207946\n;drop",
        "sip:442079460123@x",
    ],
)
def test_anything_else_is_no_number(to: str) -> None:
    with pytest.raises(DomainError, match="invalid_number"):
        phone.dialled(to)


@pytest.mark.parametrize("name", ["442079460123", "+44 20 7946 0123", "8001234", "02079460123", "118500", "11-88-0", "0012", "0", "+112"])
def test_more_figures_than_an_extension_has_may_be_a_public_number(name: str) -> None:
    assert not phone.is_extension(name)
    assert not phone.is_word(name)


@pytest.mark.parametrize("name", ["1001", "7", " ９９ "])
def test_few_figures_are_an_extension(name: str) -> None:
    assert phone.is_extension(name)
    assert not phone.is_word(name)


@pytest.mark.parametrize(("name", "is_word"), [("reception", True), ("desk 12345", True), ("sip:442079460123@x", False), ("*21", False), ("", False)])
def test_a_word_is_what_no_network_could_be_asked_for(name: str, is_word: bool) -> None:
    assert phone.is_word(name) is is_word
    assert not phone.is_extension(name)


def test_a_line_is_recognised_before_it_is_refused() -> None:
    assert [phone.bare(to) for to in ("1001", "10-01", "+1001", "reception")] == ["1001", "1001", "1001", "reception"]


@pytest.mark.parametrize(
    ("digits", "shown"),
    [
        ("442079460123", "+44 20 7946 0123"),
        ("12025550123", "+1 202-555-0123"),
        ("1001", "1001"),
        ("999999999999999", "+999999999999999"),
        ("reception", "reception"),
        ("", ""),
    ],
)
def test_numbers_are_shown_in_groups(digits: str, shown: str) -> None:
    assert phone.display(digits) == shown
