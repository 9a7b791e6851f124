"""Overview, invoices, statement and payment of one customer, as staff see them and as its own people do."""

from datetime import UTC, date, datetime
from itertools import islice
from typing import Any

import pytest
from django.utils import timezone

from billing_portal.accounts.models import Switch
from billing_portal.kernel import period
from customers.domain import ledger
from customers.domain.ledger import Posting
from customers.models import AccountKind, BillingType, Kind, Standing
from invoicing.domain import calls as ingest
from invoicing.domain import payments
from invoicing.domain.records import CallRecord
from invoicing.models import CallBatch, Payment
from tests.support import months, world
from tests.support.months import D
from tests.support.people import client
from tests.support.world import jane

pytestmark = pytest.mark.django_db

STAFF_PAGES = ["overview", "invoices", "statement", "payment"]
OWN_PAGES = ["/my/", "/my/invoices/", "/my/statement/"]


@pytest.mark.parametrize("tab", STAFF_PAGES)
def test_every_tab_opens_for_commerce(commerce: Any, october: Any, anna: Any, tab: str) -> None:
    assert commerce.get(f"/customers/{anna.account_number}/{tab}/").status_code == 200


@pytest.mark.parametrize("tab", STAFF_PAGES)
def test_every_tab_opens_with_nothing_in_it(commerce: Any, tab: str) -> None:
    empty = world.customer("Empty Ltd")
    assert commerce.get(f"/customers/{empty.account_number}/{tab}/").status_code == 200


def test_the_customers_address_leads_to_the_overview(commerce: Any, anna: Any) -> None:
    assert commerce.get(f"/customers/{anna.account_number}/").url == f"/customers/{anna.account_number}/overview/"


def test_the_overview_says_what_is_owed_and_overdue(commerce: Any, anna: Any, october: Any) -> None:
    answer = commerce.get(f"/customers/{anna.account_number}/overview/")
    text = answer.content.decode()

    assert months.money(answer.context["standing"].balance) == "-12.00"
    assert [row.document.number for row in answer.context["documents"]] == [october.number]
    assert "Recent calls" in text
    assert "Show as table" in text


def test_who_was_invoiced_ahead_of_time_gets_the_next_invoice_a_month_later(commerce: Any, anna: Any) -> None:
    now = timezone.now()
    first, second = (month.start for month in islice(period.months(period.month_of(now.date(), "Europe/London").end, date(2100, 1, 1), "Europe/London"), 2))
    address = f"/customers/{anna.account_number}/overview/"
    before = commerce.get(address).context["next"]
    months.issue(first.isoformat(), now)

    assert (before["day"], before["held"]) == (first, False)
    assert commerce.get(address).context["next"] == {"day": first, "total": D(0), "held": False}
    months.calls(anna, f"{now:%Y-%m-%d} 00:00", price="1.0000")
    months.issue(first.isoformat(), now)
    assert commerce.get(address).context["next"]["day"] == second


def test_calls_without_a_price_that_hold_back_the_next_invoice_are_told(commerce: Any, anna: Any) -> None:
    nine = months.local("2026-10-05 09:00")
    wrong = CallRecord("wrong", "123", nine, account=anna.account_number, answered_at=nine, seconds=60)
    ingest.ingest([wrong], switch=Switch.objects.get_or_create(name="default")[0], source=CallBatch.Source.API, actor=jane, at=nine)

    answer = commerce.get(f"/customers/{anna.account_number}/overview/")

    assert answer.context["next"]["held"]
    assert "Calls without a price hold back the next invoice." in answer.content.decode()


@pytest.mark.parametrize("own", [False, True])
def test_the_price_of_a_recent_call_opens_into_its_arithmetic(commerce: Any, person: Any, anna: Any, own: bool) -> None:
    months.dialled(anna, "2026-10-05 09:00", "442079460123", seconds=61)
    page = person("account_admin").get("/my/") if own else commerce.get(f"/customers/{anna.account_number}/overview/")
    text = " ".join(page.content.decode().split())

    assert [(step.label_code, step.value) for step in page.context["calls"][0].steps][-1] == ("price", "0.0610")
    assert "<strong>Why" in text
    assert "Standard, version 1" in text
    assert "/static/invoicing/calls.css" in text


@pytest.mark.parametrize("tab", STAFF_PAGES)
def test_it_denies_other_reseller(anna: Any, tab: str, globex: Any) -> None:
    from billing_portal.accounts.models import Role
    from tests.support.people import user

    assert client(user("gus", Role.ADMINISTRATOR)).get(f"/customers/{anna.account_number}/{tab}/").status_code == 404


@pytest.mark.parametrize("tab", STAFF_PAGES)
def test_it_denies_other_customer(anna: Any, person: Any, tab: str) -> None:
    theirs = person("account_admin", of=world.customer("Bob Ltd"))
    assert theirs.get(f"/customers/{anna.account_number}/{tab}/").status_code == 404


@pytest.mark.parametrize("path", OWN_PAGES)
def test_own_pages_open_for_the_account_administrator_and_not_for_staff_or_strangers(person: Any, commerce: Any, october: Any, path: str) -> None:
    assert person("account_admin").get(path).status_code == 200
    assert commerce.get(path).status_code == 404
    assert client().get(path).status_code == 302


def test_an_account_user_is_led_to_their_calls_and_sees_no_money_of_the_account(person: Any, october: Any) -> None:
    theirs = person("account_user")

    assert [theirs.get(path).url for path in ("/", "/my/")] == ["/my/calls/", "/my/calls/"]
    number = october.number
    shut = ["/my/invoices/", "/my/statement/", "/my/people/", f"/my/invoices/{number}/", f"/my/invoices/{number}/pdf/", f"/my/invoices/{number}/sheet/"]
    assert [theirs.get(path).status_code for path in shut] == [403] * 6
    page = theirs.get("/my/calls/")
    assert [(item.label, item.url) for _key, _label, items in page.context["menu"] for item in items] == [("Calls", "/my/calls/"), ("Lines", "/my/lines/")]
    assert number not in theirs.get("/search/?q=0001").content.decode()


@pytest.mark.parametrize("path", [*OWN_PAGES, "/my/invoices/ACM-2026-0001/", "/my/invoices/ACM-2026-0001/sheet/"])
def test_own_pages_open_for_staff_switched_in(commerce: Any, anna: Any, october: Any, path: str) -> None:
    commerce.post("/customers/switch/", {"account": anna.account_number})
    assert commerce.get(path).status_code == 200


def test_a_person_finds_their_own_invoice(person: Any, october: Any) -> None:
    theirs = person("account_admin")
    assert [row.document.number for row in theirs.get("/my/invoices/").context["rows"]] == [october.number]
    assert theirs.get(f"/my/invoices/{october.number}/").status_code == 200
    assert theirs.get(f"/invoices/{october.number}/").status_code == 404
    assert f"/my/invoices/{october.number}/" in theirs.get("/search/?q=0001").content.decode()


def form(**changed: str) -> dict[str, str]:
    return {"amount": "12.00", "reference": "BACS 17", "key": "form-1"} | changed


def test_a_payment_is_recorded_once_however_often_the_form_is_sent(commerce: Any, anna: Any, october: Any) -> None:
    for _click in range(2):
        assert commerce.post(f"/customers/{anna.account_number}/payment/", form()).url == f"/customers/{anna.account_number}/payments/"

    assert Payment.objects.count() == 1
    assert months.due(october) == "0.00"
    assert "Payment of 12.00 GBP recorded." in commerce.get(f"/customers/{anna.account_number}/payments/").content.decode()


def test_the_form_begins_with_what_the_invoice_page_asked_for(commerce: Any, anna: Any, october: Any) -> None:
    text = commerce.get(f"/invoices/{october.number}/").content.decode()
    assert f"/customers/{anna.account_number}/payment/?pays={october.pk}&amp;amount=12.00" in text
    shown = commerce.get(f"/customers/{anna.account_number}/payment/?pays={october.pk}&amount=12.00").content.decode()
    assert 'value="12.00"' in shown
    assert f'<option value="{october.pk}" selected>' in shown


@pytest.mark.parametrize("wrong", [{"amount": "0"}, {"amount": "-5"}, {"amount": ""}, {"amount": "1,000.00"}, {"amount": "1.005"}, {"key": ""}])
def test_a_wrong_payment_is_refused_and_the_values_stay(commerce: Any, anna: Any, october: Any, wrong: dict[str, str]) -> None:
    answer = commerce.post(f"/customers/{anna.account_number}/payment/", form(**wrong))

    assert answer.status_code == 422
    assert "BACS 17" in answer.content.decode()
    assert Payment.objects.count() == 0


def test_a_payment_cannot_name_another_customers_invoice(commerce: Any, october: Any) -> None:
    bob = world.customer("Bob Ltd")
    months.calls(bob, "2026-10-03 09:00", price="3.0000")
    months.issue("2026-11-01", datetime(2026, 11, 1, 6, tzinfo=UTC))

    answer = commerce.post(f"/customers/{bob.account_number}/payment/", form(pays=str(october.pk)))

    assert answer.status_code == 422
    assert Payment.objects.count() == 0


def test_support_may_not_record_payments(support: Any, anna: Any, october: Any) -> None:
    assert support.get(f"/customers/{anna.account_number}/payment/").status_code == 403
    assert support.post(f"/customers/{anna.account_number}/payment/", form()).status_code == 403


def test_a_prepaid_customer_is_told_of_the_tax_in_it(commerce: Any, acme: Any) -> None:
    pat = world.customer("Pat Ltd", billing_type=BillingType.PREPAID, taxes=(world.vat("20"),))
    assert "includes 20\u2009% tax" in commerce.get(f"/customers/{pat.account_number}/payment/").content.decode()


def test_a_prepaid_customer_with_an_open_invoice_is_offered_that_first_and_the_balance_beside(commerce: Any, acme: Any) -> None:
    """Such as a debt of its wallet that was billed: nobody tops up by mistake what an invoice asks for."""
    pat = world.customer("Pat Ltd", billing_type=BillingType.PREPAID, taxes=(world.vat("20"),))
    months.moved(Kind.CHARGE, pat, "10.00", "2026-10-05 12:00", account=AccountKind.RECEIVABLE)
    [october] = months.issue("2026-11-01", datetime(2026, 11, 1, 6, tzinfo=UTC))
    address = f"/customers/{pat.account_number}/payment/"

    shown = commerce.get(address)
    assert next(iter(shown.context["form"].fields["pays"].choices)) == ("", "No invoice: tops up the balance")
    text = shown.content.decode()
    assert f'<option value="{october.pk}" selected>' in text
    assert "A pre-paid customer: what is for no invoice tops up the balance. Such an amount includes 20\u2009% tax; the rest can be spent." in text
    assert "What is left after the invoice stays as credit; it can be settled into the wallet." in text

    for pays, expected in (("", (10, -12, "12.00")), (str(october.pk), (10, 0, "0.00"))):
        assert commerce.post(address, form(pays=pays, key=f"k{pays}")).status_code == 302
        row = Standing.objects.get(customer=pat)
        assert (row.wallet, row.receivable, months.due(october)) == expected


def test_who_pays_afterwards_pays_the_oldest_invoice_unless_one_is_chosen(commerce: Any, anna: Any, october: Any) -> None:
    shown = commerce.get(f"/customers/{anna.account_number}/payment/")
    assert next(iter(shown.context["form"].fields["pays"].choices)) == ("", "The oldest open invoice first")
    assert '<option value="" selected>The oldest open invoice first' in shown.content.decode()


def test_the_statement_is_a_file_too(commerce: Any, anna: Any, october: Any) -> None:
    payments.record(anna, D("12.00"), reference="=cmd", actor=jane, at=datetime(2026, 11, 9, 12, tzinfo=UTC), key="1")

    answer = commerce.get(f"/customers/{anna.account_number}/statement/?first=2026-10-01&last=2026-11-30&format=csv")

    lines = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()
    assert lines == [
        '"Posted","Movement","Detail","Invoice","Amount","Balance","Currency"',
        '"3 Oct 2026 09:01:00","Calls of 3 October 2026",,,-10.000000,-10.000000,"GBP"',
        '"1 Nov 2026 06:00:00","VAT 20 on ACM-2026-0001",,"ACM-2026-0001",-2.000000,-12.000000,"GBP"',
        '"9 Nov 2026 12:00:00","Payment","\'=cmd",,12.000000,0.000000,"GBP"',
    ]


@pytest.mark.rel(59)
def test_a_statement_shows_a_thousand_movements_and_says_how_many_more_its_file_has(commerce: Any, anna: Any) -> None:
    at = datetime(2026, 11, 9, 12, tzinfo=UTC)
    ledger.post_many([Posting(Kind.USAGE, anna, D("0.01"), f"single:{number}", at) for number in range(1_002)], at=at, actor=jane)
    address = f"/customers/{anna.account_number}/statement/?first=2026-11-01&last=2026-11-30"

    shown = commerce.get(address)
    lines = b"".join(commerce.get(f"{address}&format=csv").streaming_content).decode().splitlines()

    assert (len(shown.context["rows"]), shown.context["sums"]) == (
        1_000,
        {"opening": "−10.00", "closing": "−20.02", "money_in": "0.00", "money_out": "−10.02"},
    )
    assert "and 2 more movements, which the file has" in shown.content.decode()
    assert (len(lines), lines[-1]) == (1_003, '"9 Nov 2026 12:00:00","Calls of 9 November 2026",,,-0.010000,-20.020000,"GBP"')


@pytest.mark.parametrize("query", ["?first=2026-11-30&last=2026-10-01", "?first=x&last=2026-10-01", "?first=1000-01-01&last=2026-10-01"])
def test_a_period_that_is_none_is_refused(commerce: Any, anna: Any, query: str) -> None:
    assert commerce.get(f"/customers/{anna.account_number}/statement/{query}").status_code == 422
