from dataclasses import replace
from decimal import Decimal

import pytest

from invoicing.documents import words
from invoicing.documents.value import Kind, TaxLine
from tests.invoicing.documents.samples import BARE, DOCUMENT


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({}, ("To pay by 15 November 2025", "1,402.16\xa0GBP")),
        ({"due_on": None}, ("To pay", "1,402.16\xa0GBP")),
        ({"to_pay": Decimal("1500.00")}, ("To pay by 15 November 2025", "1,500.00\xa0GBP")),
        ({"to_pay": Decimal(0)}, ("Nothing to pay", "0.00\xa0GBP")),
        ({"to_pay": Decimal("-3.00")}, ("Nothing to pay", "0.00\xa0GBP")),
        ({"kind": Kind.CREDIT_NOTE}, ("Credited to you", "1,402.16\xa0GBP")),
        ({"kind": Kind.RECEIPT}, ("Paid on 1 November 2025", "1,402.16\xa0GBP")),
        ({"kind": Kind.STATEMENT}, ("Paid from your balance, nothing to pay", "1,402.16\xa0GBP")),
    ],
)
def test_what_is_asked_for_follows_from_the_kind_and_what_is_to_pay(change: dict[str, object], line: tuple[str, str]) -> None:
    assert words.due_line(replace(DOCUMENT, **change)) == line  # type: ignore[arg-type]


def test_only_an_invoice_asks_for_money() -> None:
    assert [words.asked(replace(DOCUMENT, kind=kind)) for kind in Kind] == [Decimal("1402.16"), 0, 0, 0]


@pytest.mark.parametrize(("name", "written"), [("VAT", "VAT 20\xa0%"), ("VAT 20", "VAT 20"), ("VAT 20 %", "VAT 20 %"), ("VAT 200", "VAT 200 20\xa0%")])
def test_a_tax_says_its_rate_once(name: str, written: str) -> None:
    assert words.tax_name(TaxLine(name, Decimal(20), Decimal(1), Decimal("0.20"))) == written


def test_one_tax_gives_its_name_and_several_do_not() -> None:
    half = {"net": Decimal("584.235"), "tax": Decimal("116.845")}
    two = replace(DOCUMENT, taxes=(TaxLine("VAT", Decimal(20), **half), TaxLine("Levy", None, **half)))

    assert (words.tax_word(DOCUMENT), words.tax_word(two), words.tax_word(BARE)) == ("VAT", "Tax", "Tax")


def test_the_foot_names_the_seller_and_leaves_out_what_is_not_known() -> None:
    legal = replace(DOCUMENT.seller, legal_name="Harbour Voice Holdings Ltd")

    assert words.foot(replace(DOCUMENT, seller=legal)) == "Harbour Voice Holdings Ltd · Company 09123456 · VAT GB 123 4567 82 · billing@harbourvoice.example"
    assert words.foot(BARE) == "Solo"


def test_the_mark_is_what_was_chosen_or_the_first_letters() -> None:
    unmarked = replace(DOCUMENT, seller=replace(DOCUMENT.seller, initials=""))

    assert (words.initials(DOCUMENT), words.initials(unmarked), words.initials(BARE)) == ("HV", "HV", "S")
