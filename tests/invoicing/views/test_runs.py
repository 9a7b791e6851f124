"""Preview, confirm, watch, try again."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from billing_portal.accounts.models import Switch
from customers.models import BillingType, Customer
from invoicing.domain import calls
from invoicing.domain.records import CallRecord
from invoicing.models import CallBatch, Document, InvoiceRun
from tests.support import months, world
from tests.support.months import run_jobs
from tests.support.people import client

pytestmark = [pytest.mark.django_db, months.renders]


def form(**changed: str) -> dict[str, str]:
    return {"as_of": "2026-11-01", "key": "page-1"} | changed


def test_the_preview_says_what_will_be_issued_and_issues_nothing(commerce: Any, anna: Any) -> None:
    world.customer("Pat Ltd", billing_type=BillingType.PREPAID)

    answer = commerce.get("/invoices/runs/new/?as_of=2026-11-01")

    [draft] = answer.context["drafts"]
    assert (draft.customer.name, draft.calls, months.money(draft.total)) == ("Anna Ltd", 2, "12.00")
    assert [(row["currency"], row["count"], months.money(row["total"])) for row in answer.context["sums"]] == [("GBP", 1, "12.00")]
    assert answer.context["quiet"] == [("Pre-paid", 1)]
    assert "Issue 1 invoice" in answer.content.decode()
    assert Document.objects.count() == 0


def test_two_clicks_are_one_run(commerce: Any, anna: Any) -> None:
    first, second = (commerce.post("/invoices/runs/new/", form()) for _click in range(2))

    assert first.url == second.url
    assert InvoiceRun.objects.count() == 1
    run_jobs()
    assert Document.objects.count() == 1


def test_the_page_asks_for_itself_until_the_run_has_ended(commerce: Any, anna: Any) -> None:
    address = commerce.post("/invoices/runs/new/", form()).url
    waiting = commerce.get(address).content.decode()
    assert 'hx-trigger="every 2s"' in waiting
    assert "You can leave this page." in waiting

    run_jobs()

    ended = commerce.get(f"{address}progress/").content.decode()
    assert "hx-trigger" not in ended
    assert "Issued ACM-2026-0001" in ended
    assert commerce.get(address).context["counts"] == {"done": 1, "failed": 0, "skipped": 0, "left": 0, "total": 1}


def test_a_run_ahead_of_time_is_asked_about_once(commerce: Any, anna: Any) -> None:
    ahead = (timezone.now() + timedelta(days=400)).date().isoformat()

    assert commerce.post("/invoices/runs/new/", form(as_of=ahead)).status_code == 422
    assert InvoiceRun.objects.count() == 0
    assert commerce.post("/invoices/runs/new/", form(as_of=ahead, ahead="on")).status_code == 302


@pytest.mark.parametrize("as_of", ["", "yesterday", "0001-01-01", "9999-12-31"])
def test_a_date_that_is_none_is_refused(commerce: Any, anna: Any, as_of: str) -> None:
    assert commerce.get(f"/invoices/runs/new/?as_of={as_of}").status_code == 422
    assert commerce.post("/invoices/runs/new/", form(as_of=as_of)).status_code == 422


def test_a_run_without_anything_is_refused(commerce: Any, acme: Any) -> None:
    answer = commerce.post("/invoices/runs/new/", form())
    assert answer.status_code == 422
    assert "There is nothing to invoice for this date." in answer.content.decode()


def test_a_run_for_one_customer_leaves_the_others(commerce: Any, anna: Any) -> None:
    bob = world.customer("Bob Ltd")
    months.calls(bob, "2026-10-03 09:00", price="3.0000")

    commerce.post(f"/invoices/runs/new/?customer={bob.account_number}", form())
    run_jobs()

    assert [document.customer for document in Document.objects.all()] == [bob]


def test_a_failed_row_is_tried_again(commerce: Any, anna: Any) -> None:
    bob = world.customer("Bob Ltd")
    months.calls(bob, "2026-10-03 09:00", price="3.0000")
    address = commerce.post("/invoices/runs/new/", form()).url
    Customer.objects.filter(pk=bob.pk).update(time_zone="Mars/Olympus")
    run_jobs()
    run = InvoiceRun.objects.get()
    item = run.items.get(customer=bob)
    assert (item.state, item.error) == ("failed", "There is no time zone named 'Mars/Olympus'.")
    assert "There is no time zone named" in commerce.get(address).content.decode()

    Customer.objects.filter(pk=bob.pk).update(time_zone="Europe/London")
    assert commerce.post(f"{address}{item.pk}/retry/").url == address
    run_jobs()

    assert commerce.get(address).context["counts"] == {"done": 2, "failed": 0, "skipped": 0, "left": 0, "total": 2}
    assert sorted(Document.objects.values_list("number", flat=True)) == ["ACM-2026-0001", "ACM-2026-0002"]
    assert commerce.post(f"{address}{item.pk}/retry/").status_code == 422


def test_the_history_shows_every_run(commerce: Any, anna: Any) -> None:
    commerce.post("/invoices/runs/new/", form())
    text = commerce.get("/invoices/runs/").content.decode()
    assert "1 Nov 2026" in text
    assert "Running" in text


def test_support_may_look_but_not_run(support: Any, commerce: Any, anna: Any) -> None:
    address = commerce.post("/invoices/runs/new/", form()).url
    assert support.get(address).status_code == 200
    assert support.get("/invoices/runs/new/").status_code == 403
    assert support.post("/invoices/runs/new/", form(key="2")).status_code == 403
    item = InvoiceRun.objects.get().items.get()
    assert support.post(f"{address}{item.pk}/retry/").status_code == 403


def test_it_denies_other_customer(person: Any, commerce: Any, anna: Any) -> None:
    address = commerce.post("/invoices/runs/new/", form()).url
    theirs = person("account_admin")
    assert [theirs.get(path).status_code for path in ("/invoices/", "/invoices/runs/", "/invoices/runs/new/", address)] == [404] * 4


def test_it_denies_other_reseller(commerce: Any, anna: Any, globex: Any) -> None:
    from django.db import connection

    from billing_portal.accounts.models import Role
    from billing_portal.tenancy.models import Reseller
    from tests.support.people import user

    theirs = client(user("gus", Role.ADMINISTRATOR))
    connection.set_tenant(Reseller.objects.get(schema_name="acme"))
    address = commerce.post("/invoices/runs/new/", form()).url
    assert theirs.get(address).status_code == 404


def test_calls_that_hold_back_an_invoice_are_one_click_away(commerce: Any, anna: Any) -> None:
    nine = months.local("2026-10-05 09:00")
    wrong = CallRecord("wrong", "123", nine, account=anna.account_number, answered_at=nine, seconds=60)
    calls.ingest([wrong], switch=Switch.objects.get_or_create(name="default")[0], source=CallBatch.Source.API, actor=world.jane, at=nine)

    answer = commerce.get("/invoices/runs/new/?as_of=2026-11-01").content.decode()

    assert "cannot be invoiced yet; the reasons are below." in answer
    assert 'href="/calls/waiting/?q=Anna%20Ltd"' in answer
    assert commerce.get("/calls/waiting/?q=Anna%20Ltd").content.decode().count("Anna Ltd") >= 1
