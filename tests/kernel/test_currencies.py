"""Currencies to choose from."""

from billing_portal.kernel import currencies


def test_currencies_in_use_are_known_and_old_ones_are_not() -> None:
    assert {"GBP", "EUR", "USD", "JPY", "KWD"} <= currencies.codes()
    assert currencies.codes().isdisjoint({"DEM", "XXX", "gbp", "XAU"})


def test_each_has_its_name_in_the_language_asked_for() -> None:
    assert dict(currencies.named("en"))["GBP"] == "GBP, British Pound"
    assert dict(currencies.named("de"))["GBP"] == "GBP, Britisches Pfund"
    assert [code for code, _name in currencies.named("en-gb")] == sorted(currencies.codes())
