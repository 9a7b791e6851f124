import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing_portal.kernel.errors import DomainError
from invoicing.documents.value import Buyer, CallLine, InvoiceDocument, Kind, Line, Seller, TaxLine, from_json
from tests.invoicing.documents.samples import BARE, DOCUMENT, saying
from tests.sizes import EXAMPLES

money = st.decimals(-(10**13), 10**13, allow_nan=False, allow_infinity=False, places=6)
text = st.text(max_size=30)
texts = st.lists(text, max_size=3).map(tuple)
png = st.none() | st.binary(max_size=30).map(lambda rest: b"\x89PNG\r\n\x1a\n" + rest)
sellers = st.builds(Seller, name=text, address=texts, logo=png, brand=st.from_regex(r"#[0-9a-f]{6}", fullmatch=True))
lines = st.lists(st.builds(Line, text, money, price=st.none() | money, tax_percent=st.none() | money, earlier=st.booleans()), max_size=4).map(tuple)
calls = st.lists(st.builds(CallLine, text, text, text, text, st.integers(0, 10**9), money), max_size=3).map(tuple)
days = st.none() | st.dates()


@st.composite
def documents(draw: st.DrawFn) -> InvoiceDocument:
    charged = draw(lines)
    net = sum((line.amount for line in charged), Decimal(0))
    tax = draw(money)
    return InvoiceDocument(
        kind=draw(st.sampled_from(Kind)),
        number=draw(text),
        seller=draw(sellers),
        buyer=draw(st.builds(Buyer, name=text, address=texts)),
        issued_on=draw(st.dates()),
        currency="GBP",
        net=net,
        tax=tax,
        total=net + tax,
        lines=charged,
        taxes=draw(st.sampled_from([(), (TaxLine("VAT", None, net, tax),)])),
        due_on=draw(days),
        previous_balance=draw(st.none() | money),
        note=draw(text),
        calls=draw(calls),
    )


@settings(max_examples=EXAMPLES, deadline=None)
@given(documents())
def test_a_document_comes_back_from_json_as_it_was(document: InvoiceDocument) -> None:
    stored = json.loads(json.dumps(document.to_json(), ensure_ascii=False, allow_nan=False).encode("utf-8"))

    assert from_json(stored) == document


def test_decimals_and_dates_are_text_in_json() -> None:
    stored = DOCUMENT.to_json()

    assert (stored["total"], stored["issued_on"], stored["kind"], stored["lines"][1]["price"]) == ("1402.16", "2025-11-01", "invoice", "12.50")


def test_a_field_that_an_old_document_did_not_know_takes_its_default() -> None:
    stored = BARE.to_json()
    del stored["calls_left_out"], stored["seller"]["phone"]

    assert from_json(stored) == BARE


def test_a_field_that_nobody_knows_cannot_be_read() -> None:
    with pytest.raises((KeyError, TypeError)):
        from_json(BARE.to_json() | {"discount": "1.00"})


@pytest.mark.parametrize(
    "change",
    [{"total": Decimal("1402.17")}, {"net": Decimal("1168.46"), "total": Decimal("1402.15")}, {"tax": Decimal("0"), "total": Decimal("1168.47")}],
)
def test_figures_that_do_not_add_up_cannot_become_a_document(change: dict[str, Any]) -> None:
    with pytest.raises(DomainError, match="figures_do_not_add_up"):
        replace(DOCUMENT, **change)


@pytest.mark.parametrize("brand", ["red", "#fff", "#00647e;}", "#00647e\n", "url(x)", ""])
def test_only_a_hexadecimal_colour_is_a_brand(brand: str) -> None:
    with pytest.raises(DomainError, match="brand_not_a_colour"):
        Seller(name="Solo", brand=brand)


def test_only_a_png_is_a_logo() -> None:
    with pytest.raises(DomainError, match="logo_not_png"):
        Seller(name="Solo", logo=b"<svg xmlns='http://www.w3.org/2000/svg'/>")


@pytest.mark.rel(83)
def test_direction_overrides_and_control_characters_leave_every_text() -> None:
    document = saying("Acme \u202e00.1\u2066 \x00\x1b[31m\ud800Ltd\r\n")

    assert {document.number, document.buyer.name, document.buyer.address[0], document.lines[0].detail, document.note} == {"Acme 00.1 [31mLtd\n"}


def test_nothing_of_a_document_can_change() -> None:
    with pytest.raises(AttributeError):
        DOCUMENT.total = Decimal(0)  # type: ignore[misc]
    assert isinstance(DOCUMENT.lines, tuple)
