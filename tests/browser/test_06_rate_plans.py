"""Point 6: a new rate plan, a rates file whose bad row is named before anything changes, its correction applied, and a price asked for."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests import sizes
from tests.browser.visitor import OPPOSITES, Visitors, expect_rows, faults

HEADER = "prefix;destination;per minute;connection charge;initial increment;increment"
LONDON = "4420;United Kingdom - London;0.0600;0.01;60;1"
MOBILE = "447;United Kingdom - Mobile;0.12;0;1;1"
WRONG = "4930;Germany - Berlin;a lot;0;60;60"


@pytest.fixture
def page(visitors: Visitors, jane: Any) -> Page:
    return visitors.window(jane)


def upload(page: Page, *lines: str, name: str = "rates.csv", mode: str = "Replace all rates") -> None:
    page.get_by_label("Rates file").set_input_files({"name": name, "mimeType": "text/csv", "buffer": "\n".join(lines).encode()})
    page.get_by_role("radio", name=mode).check()
    page.get_by_role("button", name="Upload and look").click()


def expect_tally(page: Page, counts: dict[str, str]) -> None:
    """What the preview counts, in its order."""
    cells = page.locator(".bp-tally > div")
    expect(cells.locator("span")).to_have_text(list(counts))
    expect(cells.locator("b")).to_have_text(list(counts.values()))


def make_plan(page: Page, name: str) -> None:
    page.goto("/rate-plans/new/")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Currency").select_option("GBP")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Import rates")


def test_from_no_plan_to_a_price_by_way_of_a_bad_row(page: Page) -> None:
    page.goto("/customers/")
    page.get_by_role("link", name="Rate plans").click()
    expect(page.get_by_role("main")).to_contain_text("No rate plans yet")
    page.get_by_role("main").get_by_role("link", name="New rate plan").first.click()
    page.get_by_label("Name").fill("Standard")
    page.get_by_label("Currency").select_option("GBP")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("main")).to_contain_text("Standard has no rates yet.")

    upload(page, HEADER, LONDON, WRONG, MOBILE)
    expect(page.get_by_role("heading", name="1 row cannot be read")).to_be_visible()
    expect_tally(page, {"Rows": "3", "Readable": "2", "Bad": "1"})
    expect_rows(page, "What cannot be read, by line", [["3", "per minute", "a lot", "Not a number."]])
    assert faults(page, *OPPOSITES) == []

    upload(page, HEADER, LONDON, MOBILE)
    expect(page.get_by_role("main")).to_contain_text("Standard, from “rates.csv”. Nothing has changed yet.")
    expect_tally(page, {"In the file": "2", "New": "2", "Dearer": "0", "Cheaper": "0", "Removed": "0", "Unchanged": "0"})
    page.get_by_role("button", name="Apply 2 rates").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Standard")
    expect_rows(
        page,
        "Rates in force, in GBP",
        [
            ["4420", "United Kingdom - London", "0.0600", "0.0100", "60/1"],
            ["447", "United Kingdom - Mobile", "0.1200", "0.0000", "1/1"],
        ],
    )

    page.get_by_label("Number", exact=True).fill("+44 20 7946 0991")
    page.get_by_label("Duration").fill("1:30")
    page.get_by_role("button", name="Calculate").click()
    answer = page.locator("#calculator")
    expect(answer.locator(".bp-figure")).to_have_text("0.1000 GBP")
    expect(answer).to_contain_text("+44 20 7946 0991")
    expect(answer).to_contain_text("version 1")
    expect(answer.locator("dt")).to_have_text(
        [
            "Matched rate 4420 United Kingdom - London",
            "Talked 1 min 30 s",
            "Increments 60/1: 90 s billed",
            "90 s at 0.0600 a minute",
            "Connection charge 0.0100",
            "Price, rounded once",
        ]
    )
    assert faults(page, *OPPOSITES) == []


def test_a_second_file_says_what_gets_dearer_cheaper_and_ends(page: Page) -> None:
    make_plan(page, "Standard")
    upload(page, HEADER, LONDON, MOBILE)
    page.get_by_role("button", name="Apply 2 rates").click()
    page.get_by_role("link", name="Import rates").click()
    upload(page, HEADER, LONDON.replace("0.0600", "0.0900"), "4930;Germany - Berlin;0.02;0;1;1", name="march.csv")

    expect_tally(page, {"In the file": "2", "New": "1", "Dearer": "1", "Cheaper": "0", "Removed": "1", "Unchanged": "0"})
    expect_rows(page, "Changed prices per minute in GBP, biggest change first", [["4420", "United Kingdom - London", "0.0600", "0.0900", "+50 %"]])
    assert faults(page, *OPPOSITES) == []
    page.get_by_role("link", name="Add to the rates").click()
    expect_tally(page, {"In the file": "2", "New": "1", "Dearer": "1", "Cheaper": "0", "Kept": "1", "Unchanged": "0"})
    page.get_by_role("link", name="Cancel import").click()
    expect(page.get_by_role("table", name="Rates in force, in GBP").locator("tbody tr")).to_have_count(2)

    page.get_by_role("link", name="Import rates").click()
    upload(page, HEADER, LONDON.replace("0.0600", "0.0900"), name="march.csv")
    page.get_by_role("button", name="Apply 1 rate").click()
    versions = page.get_by_role("table", name="Versions, the latest in force first")
    expect(versions.get_by_role("rowheader")).to_have_text(["2 in force", "1"])
    expect(versions.locator("tbody td:nth-child(3)")).to_have_text(["march.csv", "rates.csv"])


def test_a_price_more_than_ten_times_as_high_is_applied_only_when_looked_at(page: Page) -> None:
    make_plan(page, "Standard")
    upload(page, HEADER, LONDON)
    page.get_by_role("button", name="Apply 1 rate").click()
    page.get_by_role("link", name="Import rates").click()
    upload(page, HEADER, LONDON.replace("0.0600", "6.0"))
    expect(page.get_by_role("main")).to_contain_text("4420 United Kingdom - London: 0.0600 → 6.0000, more than ten times")

    page.get_by_role("button", name="Apply 1 rate").click()
    expect(page.get_by_role("alert")).to_contain_text("One thing to correct before this can be saved")
    page.get_by_label("I have looked at the unusual prices").check()
    page.get_by_role("button", name="Apply 1 rate").click()
    expect_rows(page, "Rates in force, in GBP", [["4420", "United Kingdom - London", "6.0000", "0.0100", "60/1"]])


def test_the_rates_are_found_by_a_number(page: Page) -> None:
    make_plan(page, "Standard")
    upload(page, HEADER, LONDON, MOBILE, "44;United Kingdom;0.03;0;1;1")
    page.get_by_role("button", name="Apply 3 rates").click()
    page.get_by_role("searchbox", name="Search this list").fill("+44 20 7946 0991")
    page.get_by_role("main").get_by_role("button", name="Search").click()

    expect(page.get_by_role("table", name="Rates in force, in GBP").get_by_role("rowheader")).to_have_text(
        ["United Kingdom - London counts for this number", "United Kingdom"]
    )


def test_thousands_of_rates_are_previewed_and_applied(page: Page) -> None:
    count = sizes.size(3_000, 37_000)
    make_plan(page, "Large")
    upload(page, HEADER, *(f"{10_000 + number};Place {number};0.01;0;1;1" for number in range(count)))
    page.get_by_role("button", name=f"Apply {count:,} rates").click()

    expect(page.get_by_role("definition").filter(has_text=f"{count:,}")).to_have_count(1)


def test_two_windows_cannot_apply_over_each_other(page: Page) -> None:
    make_plan(page, "Standard")
    upload(page, HEADER, LONDON)
    other = page.context.new_page()
    other.goto(page.url)
    page.get_by_role("button", name="Apply 1 rate").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Standard")
    other.get_by_role("button", name="Apply 1 rate").click()

    expect(other.get_by_role("main")).to_contain_text("applied")
    page.reload()
    expect(page.get_by_role("table", name="Versions, the latest in force first").locator("tbody tr")).to_have_count(1)
