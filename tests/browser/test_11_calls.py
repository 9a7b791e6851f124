"""Point 11: calls delivered with the key made in the browser, listed with the reason of their price; the queue of those that wait."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.visitor import Visitors
from tests.support.portal import Portal

Deliver = Callable[..., list[str]]


@pytest.fixture
def answered() -> datetime:
    """When the calls of these tests were answered: an hour ago, on the full minute."""
    from tests.browser import sample

    return (sample.now() - timedelta(hours=1)).replace(second=0, microsecond=0)


@pytest.fixture
def page(visitors: Visitors, jane: Any, anna: Any) -> Page:
    return visitors.window(jane)


@pytest.fixture
def deliver(page: Page, portal: Portal, answered: datetime) -> Deliver:
    """Delivers calls with a key that Jane makes in the browser; what became of each: its status, then reason or price."""
    page.goto("/settings/switches/new/")
    page.get_by_label("Name").fill("fs1")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("button", name="Make the key").click()
    key = page.locator("#secret").inner_text()

    def send(*records: dict[str, Any]) -> list[str]:
        at = answered.isoformat()
        usual = {"account": "100001", "from": "442079460991", "to": "442079460123", "setup_at": at, "answered_at": at, "seconds": 61}
        status, said = portal.send("/api/v1/calls", {"records": [usual | record for record in records]}, key=key)
        assert status == 200, said
        return [" ".join(filter(None, (each["status"], each["reason"] or each["price"]))) for each in said["records"]]

    return send


def calls(page: Page) -> Locator:
    return page.get_by_role("main").get_by_role("table").locator("tbody tr")


def decide(page: Page, button: str) -> None:
    page.get_by_role("main").get_by_role("button", name=button, exact=True).click()


def test_a_call_is_listed_with_the_reason_of_its_price(page: Page, deliver: Deliver) -> None:
    assert deliver({"call_id": "c1"}) == ["rated 0.0610"]
    page.goto("/customers/")
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Calls", exact=True).click()
    row = calls(page)
    expect(row.get_by_role("rowheader")).to_have_text("+44 20 7946 0123 United Kingdom - London", use_inner_text=True)
    expect(row.get_by_role("cell")).to_contain_text(["", "Anna Ltd", "+44 20 7946 0991", "1:01", "Answered", "0.0610"])

    row.locator("summary").click()
    why = row.locator(".bp-sheet")
    expect(why).to_contain_text("Why 0.0610 GBP?")
    expect(why).to_contain_text("Standard, version 1")
    expect(why.locator("dt")).to_have_text(
        ["Matched rate 4420 United Kingdom - London", "Talked 1 min 1 s", "Increments 1/1: 61 s billed", "61 s at 0.0600 a minute", "Price, rounded once"]
    )
    page.keyboard.press("Escape")
    expect(why).to_be_hidden()


def test_the_customer_sees_balance_and_calls(page: Page, deliver: Deliver, visitors: Visitors, anna: Any) -> None:
    deliver({"call_id": "c1"}, {"call_id": "c2", "seconds": 600}, {"call_id": "c3", "answered_at": None, "seconds": 0})
    ann = visitors.window(anna.people.get().user, at="/my/")
    expect(ann.get_by_role("region", name="Your balance").locator(".bp-figure")).to_have_text("−0.661 GBP")
    ann.get_by_role("navigation", name="Main").get_by_role("link", name="Calls").click()

    expect(ann.get_by_role("heading", level=1)).to_contain_text("Calls")
    expect(calls(ann)).to_have_count(3)
    expect(calls(ann).filter(has_text="Not answered")).to_contain_text("0.0000")
    expect(ann.get_by_role("table").locator("tfoot")).to_contain_text("Total in GBP, 3 calls")
    expect(ann.get_by_role("table").locator("tfoot")).to_contain_text("0.66")
    ann.get_by_role("searchbox", name="Search calls").fill("nowhere")
    ann.get_by_role("main").get_by_role("button", name="Search").click()
    expect(ann.get_by_role("main")).to_contain_text("Nothing matches")


def test_a_repeated_record_changes_nothing_and_a_changed_one_waits(page: Page, deliver: Deliver) -> None:
    assert deliver({"call_id": "c1"}) == ["rated 0.0610"]
    assert deliver({"call_id": "c1"}) == ["repeated 0.0610"]
    assert deliver({"call_id": "c1", "seconds": 62}) == ["conflict conflict"]
    page.goto("/calls/")
    expect(calls(page)).to_have_count(1)

    page.get_by_role("navigation", name="Main").get_by_role("link", name="Waiting calls").click()
    expect(calls(page)).to_contain_text(["The same call came before with other content"])
    page.get_by_label("Choose call c1").check()
    decide(page, "Keep the first")
    expect(page.get_by_role("main")).to_contain_text("1 conflict was decided for the first record.")
    expect(page.get_by_role("main")).to_contain_text("No call waits")


def test_a_call_without_a_rate_waits_and_is_rated_again(page: Page, deliver: Deliver, answered: datetime) -> None:
    assert deliver({"call_id": "c1", "to": "4930123456"}, {"call_id": "c2", "to": "4930123457"}) == ["queued no_rate", "queued no_rate"]
    page.goto("/customers/")
    entry = page.get_by_role("navigation", name="Main").get_by_role("link", name="Waiting calls")
    expect(entry).to_contain_text("2")
    entry.click()
    expect(calls(page).first).to_contain_text("The rate plan has no rate for this number")
    expect(calls(page).first).to_contain_text("Anna Ltd")
    page.get_by_label("Choose call c1").check()
    decide(page, "Rate again")
    expect(page.get_by_role("main")).to_contain_text("0 calls were rated. 1 still wait, each with its reason.")

    give_rates("4930;Germany - Berlin;0.03", since=answered)
    page.get_by_label("Choose call c1").check()
    decide(page, "Rate again")
    expect(page.get_by_role("main")).to_contain_text("1 call was rated.")
    decide(page, "Rate all again")
    expect(page.get_by_role("main")).to_contain_text("No call waits")
    page.goto("/calls/")
    expect(calls(page).get_by_role("rowheader")).to_contain_text(["Germany - Berlin", "Germany - Berlin"])


def test_a_call_of_nobody_is_set_aside_with_a_note(page: Page, deliver: Deliver) -> None:
    assert deliver({"call_id": "c1", "account": "999999"}) == ["queued unknown_customer"]
    page.goto("/calls/waiting/")
    expect(calls(page)).to_contain_text(["Nobody has this account, line or address"])
    decide(page, "Set aside")
    expect(page.get_by_role("alert")).to_contain_text("Choose at least one call.")
    page.get_by_label("Choose call c1").check()
    decide(page, "Set aside")
    expect(page.get_by_role("alert")).to_contain_text("Write why these calls are never billed.")

    page.get_by_label("Choose call c1").check()
    page.get_by_label("Why are they never billed?").fill("a test of the switch")
    decide(page, "Set aside")
    expect(page.get_by_role("main")).to_contain_text("1 call was set aside.")
    page.goto("/platform/audit/")
    expect_event = page.get_by_role("table").locator("tbody tr").filter(has_text="Call set aside")
    expect(expect_event).to_contain_text("Jane Whitfield")


def test_the_record_is_shown_as_the_switch_sent_it(page: Page, deliver: Deliver) -> None:
    deliver({"call_id": "c1", "account": "999999", "trunk": "north"})
    page.goto("/calls/waiting/")
    calls(page).locator("summary").click()
    sent = calls(page).locator(".bp-sheet")
    expect(sent).to_contain_text("As switch fs1 sent it")
    expect(sent).to_contain_text("999999")
    expect(sent).to_contain_text("north")


def test_calls_are_found_by_number_customer_and_date(page: Page, deliver: Deliver, answered: datetime) -> None:
    deliver({"call_id": "c1"}, {"call_id": "c2", "to": "442079460555"})
    page.goto("/calls/")
    page.get_by_role("searchbox", name="Search calls").fill("0555")
    page.get_by_role("main").get_by_role("button", name="Search").click()
    expect(calls(page).get_by_role("rowheader")).to_contain_text(["+44 20 7946 0555"])
    page.get_by_role("link", name="Clear filters").click()
    page.get_by_label("Until").fill((answered - timedelta(days=40)).date().isoformat())
    page.get_by_role("main").get_by_role("button", name="Search").click()
    expect(page.get_by_role("main")).to_contain_text("Nothing matches")


def test_the_calls_of_one_customer_stand_on_its_page(page: Page, deliver: Deliver) -> None:
    from tests.browser import sample

    sample.customer("Bob Ltd")
    deliver({"call_id": "c1"}, {"call_id": "c2", "account": "100002"})
    page.goto("/customers/100002/calls/")
    expect(calls(page)).to_have_count(1)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    lines = download.value.path().read_text(encoding="utf-8").splitlines()
    assert len(lines) == 2
    assert "Bob Ltd" in lines[1]


def give_rates(line: str, since: datetime) -> None:
    """A next version of the plan Standard with this rate."""
    from decimal import Decimal

    from rateplans.models import PlanVersion, StoredRate

    prefix, destination, price = line.split(";")
    version = PlanVersion.objects.create(plan=PlanVersion.objects.get().plan, number=2, valid_from=since, rate_count=1, made_by="test")
    StoredRate.objects.create(version=version, prefix=prefix, destination=destination, per_minute=Decimal(price))


@pytest.mark.parametrize("width", [390, 1280])
def test_the_reason_of_a_recent_call_stays_on_the_screen_with_each_figure_in_one_line(page: Page, deliver: Deliver, width: int) -> None:
    deliver({"call_id": "c1"})
    page.set_viewport_size({"width": width, "height": 900})
    page.goto("/customers/100001/overview/")
    page.locator(".bp-why summary").click()

    sheet, price = page.locator(".bp-why .bp-sheet").bounding_box(), page.locator(".bp-why dd").last.bounding_box()
    assert sheet is not None
    assert price is not None
    assert sheet["x"] >= 0
    assert sheet["x"] + sheet["width"] <= width
    assert price["height"] < 40
