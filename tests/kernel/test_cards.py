"""Card numbers are masked however they are written; telephone, account and bank numbers are not."""

import pytest

from billing_portal.kernel.cards import masked

CARD = "4111111111111111"
WRITTEN = [
    (CARD, "XXXXXXXXXXXX1111"),
    ("4111 1111 1111 1111", "XXXX XXXX XXXX 1111"),
    ("4111-1111-1111-1111", "XXXX-XXXX-XXXX-1111"),
    ("4111.1111.1111.1111", "XXXX.XXXX.XXXX.1111"),
    ("4111\u00a01111\u00a01111\u00a01111", "XXXX\u00a0XXXX\u00a0XXXX\u00a01111"),
    ("4111  1111  1111  1111", "XXXX  XXXX  XXXX  1111"),
    ("4111\n1111\n1111\n1111", "XXXX\nXXXX\nXXXX\n1111"),
    ("4111–1111–1111–1111", "XXXX–XXXX–XXXX–1111"),
    ("4111/1111/1111/1111", "XXXX/XXXX/XXXX/1111"),
    ("411111 1111111111", "XXXXXX XXXXXX1111"),
    ("4111 1111 1111 1111 12/27 123", "XXXX XXXX XXXX 1111 12/27 123"),
    ("12 4111 1111 1111 1111", "12 XXXX XXXX XXXX 1111"),
    (f"card:{CARD}!", "card:XXXXXXXXXXXX1111!"),
    (f"Visa{CARD}exp", "VisaXXXXXXXXXXXX1111exp"),
    ("5555 5555 5555 4444", "XXXX XXXX XXXX 4444"),
    ("2223 0031 2200 3222", "XXXX XXXX XXXX 3222"),
    ("3782 822463 10005", "XXXX XXXXXX X0005"),
    ("6011 1111 1111 1117", "XXXX XXXX XXXX 1117"),
    ("3056 9309 0259 04", "XXXX XXXX XX59 04"),
    ("3530 1113 3330 0000", "XXXX XXXX XXXX 0000"),
    ("6200 0000 0000 0005", "XXXX XXXX XXXX 0005"),
    ("４１１１ １１１１ １１１１ １１１１", "XXXX XXXX XXXX １１１１"),
    (f"{CARD} and 5555555555554444", "XXXXXXXXXXXX1111 and XXXXXXXXXXXX4444"),
    (f"{CARD} {CARD}", "XXXXXXXXXXXX1111 XXXXXXXXXXXX1111"),
]
KEPT = [
    "4111 1111 1111 1112",
    "+49 1512 3456789",
    "00491512345678900",
    "442079460123, 442079460124",
    "GB29 NWBK 6016 1331 9268 19",
    "DE89 3704 0044 0532 0130 00",
    "2026-10-03 09:00:00 2026-10-04",
    "0.4111111111111111 of it"[2:6],
    "41111111111111111",
    "1234567890123456",
    "no digits",
    "",
]


@pytest.mark.rel(89)
@pytest.mark.parametrize(("text", "shown"), WRITTEN)
def test_a_card_number_keeps_its_last_four_digits_alone(text: str, shown: str) -> None:
    assert masked(text) == shown
    assert masked(masked(text)) == shown


@pytest.mark.rel(89)
@pytest.mark.parametrize("text", KEPT)
def test_other_numbers_stay(text: str) -> None:
    assert masked(text) == text
