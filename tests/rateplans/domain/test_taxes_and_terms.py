"""Taxes and invoicing terms."""

from decimal import Decimal
from typing import Any

import pytest

from billing_portal.accounts.models import AuditEntry
from billing_portal.kernel.errors import DomainError
from rateplans import queries
from rateplans.domain import taxes, terms
from rateplans.models import BillingTerms, Tax
from tests.rateplans.steps import NOON
from tests.support.world import jane


def vat(**given: Any) -> Tax:
    return taxes.create(**({"name": "VAT", "percent": Decimal("20")} | given), actor=jane, at=NOON)


def test_a_tax_is_on_everything_unless_said_otherwise(acme: Any) -> None:
    tax = vat()
    assert all(getattr(tax, scope) for scope in taxes.SCOPES)
    assert tax.liable_by_default
    assert AuditEntry.objects.get(action="tax.created").changes == {"percent": ["", "20"]}


@pytest.mark.parametrize(
    ("given", "code", "field"),
    [
        ({"name": "vat"}, "name_taken", "name"),
        ({"name": ""}, "name_missing", "name"),
        ({"name": "B", "percent": Decimal("-1")}, "percent_out_of_range", "percent"),
        ({"name": "B", "percent": Decimal("100.0001")}, "percent_out_of_range", "percent"),
        ({"name": "B", **dict.fromkeys(taxes.SCOPES, False)}, "no_scope", "scopes"),
    ],
)
def test_a_tax_cannot_be_made_of(acme: Any, given: dict[str, Any], code: str, field: str) -> None:
    vat()
    with pytest.raises(DomainError) as refused:
        vat(**given)
    assert (refused.value.code, refused.value.field) == (code, field)
    assert Tax.objects.count() == 1


def test_a_changed_tax_is_written_down(acme: Any) -> None:
    taxes.change(vat(), percent=Decimal("21"), on_products=False, actor=jane, at=NOON)
    changed = Tax.objects.get()
    assert (changed.name, changed.percent, changed.on_products, changed.on_calls) == ("VAT", Decimal("21"), False, True)
    assert AuditEntry.objects.get(action="tax.changed").changes == {"percent": ["20.0000", "21"], "on_products": ["True", "False"]}


def test_terms_have_defaults_before_they_are_saved(acme: Any) -> None:
    assert (queries.billing_terms().document_prefix, queries.billing_terms().due_days) == ("", 14)
    assert BillingTerms.objects.count() == 0


def test_terms_are_one_row(acme: Any) -> None:
    for prefix in ("HV-", "HX-"):
        terms.change(document_prefix=prefix, due_days=30, actor=jane, at=NOON)
    assert [(row.document_prefix, row.due_days) for row in BillingTerms.objects.all()] == [("HX-", 30)]
    changes = list(AuditEntry.objects.filter(action="terms.changed").order_by("created_at").values_list("changes", flat=True))
    assert changes == [{"document_prefix": ["", "HV-"], "due_days": ["14", "30"]}, {"document_prefix": ["HV-", "HX-"]}]


@pytest.mark.parametrize(("prefix", "days", "field"), [("<b>", 14, "document_prefix"), ("-A", 14, "document_prefix"), ("HV", 366, "due_days")])
def test_terms_cannot_be(acme: Any, prefix: str, days: int, field: str) -> None:
    with pytest.raises(DomainError) as refused:
        terms.change(document_prefix=prefix, due_days=days, actor=jane, at=NOON)
    assert refused.value.field == field
    assert BillingTerms.objects.count() == 0


def test_the_bounds_of_automatic_topups_can_be_set_and_stay_when_left_out(acme: Any) -> None:
    assert (queries.billing_terms().topups_per_day, queries.billing_terms().topups_per_month) == (2, 20)
    terms.change(document_prefix="", due_days=14, topups_per_day=4, topups_per_month=50, actor=jane, at=NOON)
    terms.change(document_prefix="", due_days=30, actor=jane, at=NOON)
    assert (queries.billing_terms().topups_per_day, queries.billing_terms().topups_per_month) == (4, 50)
    assert AuditEntry.objects.order_by("created_at")[0].changes == {"topups_per_day": ["2", "4"], "topups_per_month": ["20", "50"]}


@pytest.mark.parametrize("cap", [{"topups_per_day": 0}, {"topups_per_day": 25}, {"topups_per_month": 0}, {"topups_per_month": 501}])
def test_the_bounds_of_automatic_topups_cannot_be(acme: Any, cap: dict[str, int]) -> None:
    with pytest.raises(DomainError) as refused:
        terms.change(document_prefix="", due_days=14, **cap, actor=jane, at=NOON)  # type: ignore[arg-type]
    assert (refused.value.code, [refused.value.field]) == ("out_of_range", list(cap))
    assert BillingTerms.objects.count() == 0


@pytest.mark.parametrize("cap", ["-0.01", "0.001", "1000000000000", "NaN"])
def test_a_cap_is_an_amount_that_somebody_can_enter(acme: Any, cap: str) -> None:
    for field in terms.CAPS:
        with pytest.raises(DomainError) as refused:
            terms.change(**{field: Decimal(cap)}, actor=jane, at=NOON)  # type: ignore[arg-type]
        assert (refused.value.code, refused.value.field) == ("cap_malformed", field)
    assert BillingTerms.objects.count() == 0
