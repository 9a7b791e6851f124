"""Pages of taxes and invoicing terms."""

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from billing_portal.accounts.models import AuditEntry
from rateplans.models import BillingTerms, Tax
from tests.rateplans.conftest import Desk
from tests.support import world
from tests.support.world import vat

SCOPES = ["on_account_fees", "on_features", "on_calls", "on_products", "on_charges"]
CAPS = {"settle_hours": "8", "topups_per_day": "3", "topups_per_month": "40"}


def test_all_scopes_are_ticked_beforehand(commerce: Client) -> None:
    page = commerce.get("/taxes/new/").content.decode()
    assert page.count("checked") == len(SCOPES) + 1


def test_a_tax_is_made(commerce: Client) -> None:
    answer = commerce.post("/taxes/new/", {"name": "VAT 20 %", "percent": "20", "scopes": ["on_calls"], "liable_by_default": "on"})
    tax = Tax.objects.get()
    assert answer.status_code == 302
    assert (tax.name, tax.percent, tax.on_calls, tax.on_products, tax.liable_by_default) == ("VAT 20 %", Decimal("20"), True, False, True)
    assert "20\u2009%" in commerce.get("/taxes/").content.decode()


def test_a_bad_tax_is_not_made(commerce: Client) -> None:
    vat()
    answer = commerce.post("/taxes/new/", {"name": "vat 20", "percent": "20", "scopes": SCOPES})
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["name"])
    answer = commerce.post("/taxes/new/", {"name": "", "percent": "120"})
    assert (answer.status_code, sorted(answer.context["form"].errors)) == (422, ["name", "percent", "scopes"])
    assert Tax.objects.count() == 1


def test_a_tax_is_changed(commerce: Client) -> None:
    tax = vat()
    answer = commerce.post(f"/taxes/{tax.pk}/", {"name": "VAT 21", "percent": "21.5", "scopes": SCOPES})
    tax.refresh_from_db()
    assert (answer.status_code, tax.name, tax.percent, tax.liable_by_default) == (302, "VAT 21", Decimal("21.5"), False)


def test_support_and_reports_see_taxes_and_cannot_change_them(desk: Desk) -> None:
    tax = vat()
    for role in ("support", "reports"):
        browser = desk(role)
        assert browser.get("/taxes/").status_code == 200
        assert browser.get("/taxes/new/").status_code == 403
        assert browser.post(f"/taxes/{tax.pk}/", {"name": "X", "percent": "1", "scopes": SCOPES}).status_code == 403


@pytest.fixture
def tax_of_acme(acme: Any) -> Tax:
    return vat()


def test_another_resellers_tax_is_not_found(desk: Desk, tax_of_acme: Tax, globex: Any) -> None:
    browser = desk("administrator", "globex.localhost")
    assert browser.get(f"/taxes/{tax_of_acme.pk}/").status_code == 404
    assert browser.post(f"/taxes/{tax_of_acme.pk}/", {"name": "X", "percent": "1", "scopes": SCOPES}).status_code == 404


def test_terms_are_the_administrators(desk: Desk) -> None:
    given = {"document_prefix": "HV-", "due_days": "30", "issue_automatically": "on", **CAPS}
    for role in ("commerce", "support", "reports"):
        assert desk(role).post("/settings/invoicing-terms/", given).status_code == 403
    assert BillingTerms.objects.count() == 0
    administrator = desk("administrator")
    assert administrator.get("/settings/invoicing-terms/").context["form"].initial == {
        "document_prefix": "",
        "due_days": 14,
        "issue_automatically": False,
        "settle_hours": 6,
        "topups_per_day": 2,
        "topups_per_month": 20,
        "amount_cap": None,
        "raise_cap": None,
    }
    assert administrator.post("/settings/invoicing-terms/", given).status_code == 302
    kept = BillingTerms.objects.values_list("document_prefix", "due_days", "issue_automatically", "settle_hours", "topups_per_day", "topups_per_month")
    assert list(kept) == [("HV-", 30, True, 8, 3, 40)]


def test_bad_terms_are_not_saved(desk: Desk) -> None:
    answer = desk("administrator").post(
        "/settings/invoicing-terms/", {"document_prefix": "<b>", "due_days": "400", "settle_hours": "73", "topups_per_day": "0", "topups_per_month": "501"}
    )
    assert (answer.status_code, sorted(answer.context["form"].errors)) == (422, ["due_days", "settle_hours", "topups_per_day", "topups_per_month"])
    assert BillingTerms.objects.count() == 0


def test_the_root_says_what_carriers_charge(desk: Desk, owner: Any) -> None:
    plan = world.plan("Carriers", "USD")
    browser = desk("administrator", "localhost")
    assert browser.post("/settings/invoicing-terms/", {"document_prefix": "", "due_days": "14", "cost_plan": str(plan.pk), **CAPS}).status_code == 302
    assert BillingTerms.objects.get().cost_plan == plan


def test_a_reseller_below_has_no_cost_plan_to_choose(desk: Desk) -> None:
    plan = world.plan("Carriers")
    browser = desk("administrator")
    assert "cost_plan" not in browser.get("/settings/invoicing-terms/").content.decode()
    browser.post("/settings/invoicing-terms/", {"document_prefix": "", "due_days": "14", "cost_plan": str(plan.pk), **CAPS})
    assert BillingTerms.objects.get().cost_plan is None


def test_terms_and_taxes_that_were_open_for_long_undo_nothing_that_was_saved_meanwhile(desk: Desk) -> None:
    browser, tax = desk("administrator"), vat()

    def drawn(address: str) -> dict[str, Any]:
        form = browser.get(address).context["form"]
        return {name: form[name].value() for name in form.fields if form[name].value() not in (None, "", False)}

    pages: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
        "/settings/invoicing-terms/": ({"due_days": "9"}, {"document_prefix": "HV"}),
        f"/taxes/{tax.pk}/": ({"percent": "21", "scopes": ["on_calls"]}, {"name": "VAT 21"}),
    }
    for address, (first, second) in pages.items():
        stale = drawn(address)
        assert [browser.post(address, stale | given).status_code for given in (first, second)] == [302, 302]

    tax.refresh_from_db()
    terms = BillingTerms.objects.get()
    assert (terms.due_days, terms.document_prefix) == (9, "HV")
    assert (tax.percent, tax.on_products, tax.name) == (Decimal(21), False, "VAT 21")


def test_an_administrator_caps_what_commerce_enters_in_the_resellers_currency(desk: Desk) -> None:
    browser, page = desk("administrator"), "/settings/invoicing-terms/"
    given = {"document_prefix": "", "due_days": "14", **CAPS}

    assert browser.post(page, given | {"amount_cap": "500", "raise_cap": "1000.50"}).status_code == 302
    assert list(BillingTerms.objects.values_list("amount_cap", "raise_cap")) == [(Decimal(500), Decimal("1000.50"))]
    assert 'value="500.00"' in browser.get(page).content.decode()
    assert browser.post(page, given | {"amount_cap": "0", "raise_cap": ""}).status_code == 302
    assert list(BillingTerms.objects.values_list("amount_cap", "raise_cap")) == [(Decimal(0), None)]
    changes = AuditEntry.objects.filter(action="terms.changed").order_by("created_at").values_list("changes", flat=True)
    assert [{name: change[name] for name in ("amount_cap", "raise_cap")} for change in changes] == [
        {"amount_cap": ["", "500.00 GBP"], "raise_cap": ["", "1,000.50 GBP"]},
        {"amount_cap": ["500.00 GBP", "0.00 GBP"], "raise_cap": ["1,000.50 GBP", ""]},
    ]


@pytest.mark.parametrize("cap", ["-0.01", "1.001", "1,000", "10000000000000", "NaN"])
def test_a_cap_that_is_no_amount_of_money_is_not_saved(desk: Desk, cap: str) -> None:
    given = {"document_prefix": "", "due_days": "14", **CAPS, "amount_cap": cap, "raise_cap": cap}
    answer = desk("administrator").post("/settings/invoicing-terms/", given)

    assert (answer.status_code, sorted(answer.context["form"].errors)) == (422, ["amount_cap", "raise_cap"])
    assert BillingTerms.objects.count() == 0
