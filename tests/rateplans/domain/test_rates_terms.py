"""A row that names another currency than the plan's, or a time at which it is not in force, is an error: it never goes live unseen (reliability 23, 85)."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from billing_portal.kernel.errors import DomainError
from rateplans.domain import imports, rates_file, rates_terms
from rateplans.domain.rates_file import RatesFile, RowError
from rateplans.models import RateImport
from tests.rateplans.steps import HOUR, NOON, POUNDS, load, made, prices
from tests.support.world import jane

pytestmark = pytest.mark.rel(85)
SINCE = replace(POUNDS, since=NOON - timedelta(days=10))


def read(column: str, *cells: str, terms: rates_terms.Terms = POUNDS) -> RatesFile:
    rows = "".join(f'{number},Somewhere,0.01,"{cell}"\n' for number, cell in enumerate(cells, 44))
    return rates_file.parse(f"prefix,destination,per minute,{column}\n{rows}".encode(), terms)


def refusal(column: str, cell: str, terms: rates_terms.Terms = POUNDS) -> str:
    found = read(column, cell, terms=terms)
    [error] = found.errors
    assert (error.line, error.column, error.value, found.rates) == (2, column, cell, [])
    return error.reason


@pytest.mark.parametrize("column", ["Currency", "currency_code", "ISO Currency", "CCY", "cur"])
def test_a_row_in_the_plans_currency_or_in_none_named_is_a_rate(column: str) -> None:
    found = read(column, "GBP", "gbp", " GBP ", "")

    assert (len(found.rates), found.errors, found.ignored_columns) == (4, [], [])


@pytest.mark.parametrize(
    ("cell", "why"),
    [
        ("USD", "The rate is in USD, the plan in GBP. Nothing is converted: write the price in GBP."),
        ("eur", "The rate is in EUR, the plan in GBP. Nothing is converted: write the price in GBP."),
        ("XXX", "“XXX” is no currency in use; the plan is in GBP. Write GBP, or leave the cell empty."),
        ("DEM", "“DEM” is no currency in use; the plan is in GBP. Write GBP, or leave the cell empty."),
        ("£", "“£” is no currency in use; the plan is in GBP. Write GBP, or leave the cell empty."),
        ("G\u202eBP", "Not a currency; the plan is in GBP. Write GBP, or leave the cell empty."),
    ],
)
def test_any_other_currency_is_an_error_that_names_both(cell: str, why: str) -> None:
    assert refusal("Currency", cell) == why


def test_only_the_rows_in_another_currency_are_errors() -> None:
    assert read("Currency", "GBP", "USD", "", "XXX").errors == [
        RowError(3, "Currency", "USD", "The rate is in USD, the plan in GBP. Nothing is converted: write the price in GBP."),
        RowError(5, "Currency", "XXX", "“XXX” is no currency in use; the plan is in GBP. Write GBP, or leave the cell empty."),
    ]


@pytest.mark.parametrize("column", ["Effective date", "effective_date", "Effective From", "Valid from", "start date"])
def test_a_row_whose_date_has_come_is_a_rate_and_is_counted(column: str) -> None:
    written = ("2026-11-21", "2026/1/5", "1 Jan 2026", "01-Nov-2026", "Nov 1, 2026", "01/02/2026", "31/10/2026", "10/31/2026", "21.11.2026")
    timed = ("2026-11-21T12:00:00Z", "2026-11-21 12:00", "2026-11-21 13:00+01:00", "2026-11-21 07:00:00.000-0500", "0001-01-01")
    found = read(column, *written, *timed, "", "0000-00-00", "0000-00-00 00:00:00")

    assert (len(found.rates), found.errors, found.dated, found.ending) == (17, [], 14, 0)


AHEAD = "The rate begins on {}, and a file is in force when it is applied. Upload it when that day has come, or leave the cell empty."


@pytest.mark.parametrize(
    ("cell", "why"),
    [
        ("31/02/2027", "There is no such day. Write dates as 2027-03-31."),
        ("2027-02-29", "There is no such day. Write dates as 2027-03-31."),
        ("29 Feb 2027", "There is no such day. Write dates as 2027-03-31."),
        ("31 Foo 2026", "There is no such day. Write dates as 2027-03-31."),
        ("2026-11-01 25:00", "There is no such time. Write dates as 2027-03-31."),
        ("2026-11-01 09:00+99:00", "There is no such time. Write dates as 2027-03-31."),
        ("01/02/26", "The year has two digits. Write dates as 2027-03-31."),
        ("1-Feb-26", "The year has two digits. Write dates as 2027-03-31."),
        ("46298", "A number of days, as spreadsheets write dates. Write dates as 2027-03-31."),
        ("46298.375", "A number of days, as spreadsheets write dates. Write dates as 2027-03-31."),
        ("soon", "Not a date. Write dates as 2027-03-31."),
        ("٢٠٢٦-01-01", "Not a date. Write dates as 2027-03-31."),
        ("2026-11-01" + " " * 40 + "09:00", "Not a date. Write dates as 2027-03-31."),
        ("10/12/2026", "It could be 2026-10-12 or 2026-12-10. Write it like that."),
        ("2026-11-22", AHEAD.format("2026-11-22")),
        ("2026-11-21 12:00:01", AHEAD.format("2026-11-21")),
        ("2026-11-21T12:00:00-01:00", AHEAD.format("2026-11-21")),
        ("31/12/2026", AHEAD.format("2026-12-31")),
        ("9999-12-31", AHEAD.format("9000-01-01")),
    ],
)
def test_a_date_that_is_none_or_has_not_come_is_an_error_that_says_what_to_do(cell: str, why: str) -> None:
    assert refusal("Effective date", cell) == why


def test_days_are_those_of_the_reseller() -> None:
    there = replace(POUNDS, zone="Pacific/Auckland")

    assert read("Effective date", "2026-11-22", terms=there).errors == []
    assert refusal("Effective date", "2026-11-22", replace(POUNDS, zone="America/New_York")) == AHEAD.format("2026-11-22")


@pytest.mark.parametrize(("minute", "sound"), [(29, False), (30, True)])
def test_of_an_hour_that_comes_twice_the_second_is_meant(minute: int, sound: bool) -> None:
    at = datetime.fromisoformat(f"2026-10-25T01:{minute}:00+00:00")  # the second time; the first was at 00:30

    assert (read("Effective date", "2026-10-25 01:30", terms=replace(POUNDS, at=at)).errors == []) is sound


def test_a_row_that_begins_after_what_the_upload_is_dated_back_to_is_an_error() -> None:
    assert read("Effective date", "2026-11-11", "2026-11-01", terms=SINCE).errors == []
    assert refusal("Effective date", "2026-11-12", SINCE) == (
        "The rate begins on 2026-11-12, the file would be in force from 2026-11-11 already. Choose “In force from” 2026-11-12."
    )
    assert refusal("Effective date", "2026-11-22", SINCE) == AHEAD.format("2026-11-22")


@pytest.mark.parametrize("column", ["End date", "Valid to", "Effective_until", "Expiry date"])
def test_an_end_to_come_is_counted_and_one_that_has_passed_or_is_none_is_an_error(column: str) -> None:
    found = read(column, "2026-11-21", "9999-12-31", "2026-11-21 12:01", "")

    over = "The rate ended before the file is in force, 2026-11-21. Leave the row out, or the cell empty."
    assert (len(found.rates), found.errors, found.ending, found.dated) == (4, [], 3, 0)
    assert refusal(column, "2026-11-20") == refusal(column, "2026-11-21 12:00") == over
    assert refusal(column, "10/12/2026") == "It could be 2026-10-12 or 2026-12-10. Write it like that."
    assert refusal(column, "31/02/2027") == "There is no such day. Write dates as 2027-03-31."


def test_a_rate_that_ends_before_it_begins_is_an_error_and_the_same_prefix_for_two_times_too() -> None:
    head = "prefix,destination,per minute,effective date,end date\n"
    turned = rates_file.parse((head + "44,UK,0.01,2026-11-10,2026-11-01\n").encode(), POUNDS)
    overlapping = rates_file.parse((head + "44,UK,0.01,2026-10-01,\n44,UK,0.02,2026-11-01,\n").encode(), POUNDS)

    assert [(error.line, error.column) for error in turned.errors] == [(2, "end date")]
    assert [(error.line, error.column, error.reason) for error in overlapping.errors] == [(3, "prefix", "The prefix stands in line 2 already.")]


FUTURE = b"prefix,destination,per minute,Effective date\n44,UK,0.01,2026-11-21 13:00\n"
DOLLARS = b"prefix,destination,per minute,Currency\n44,UK,0.01,USD\n"


@pytest.mark.parametrize("content", [FUTURE, DOLLARS])
def test_no_version_is_made_of_rates_that_are_not_meant_for_now_or_for_this_plan(acme: Any, content: bytes) -> None:
    plan = made()
    seen = imports.preview(plan, "rates.csv", content, "replace", jane, at=NOON)

    assert (seen.sound, seen.error_count, seen.rate_import) == (False, 1, None)
    assert (RateImport.objects.count(), plan.versions.count()) == (0, 0)


def test_each_plan_takes_its_own_currency(acme: Any) -> None:
    assert prices(load(made("Dollars", "USD"), DOLLARS)) == {"44": Decimal("0.01")}


def test_a_file_is_taken_when_its_day_has_come(acme: Any) -> None:
    assert prices(load(made(), FUTURE, at=NOON + HOUR)) == {"44": Decimal("0.01")}


def test_an_upload_dated_back_further_when_it_is_applied_is_refused(acme: Any) -> None:
    plan = made()
    load(plan, b"prefix,destination,per minute\n44,UK,0.05\n", at=NOON - 20 * HOUR)
    stored = imports.preview(plan, "rates.csv", FUTURE, "replace", jane, at=NOON + HOUR).rate_import
    assert stored is not None

    with pytest.raises(DomainError) as refused:
        imports.apply(stored, actor=jane, at=NOON + 2 * HOUR, in_force_from=NOON)

    assert (refused.value.code, plan.versions.count()) == ("bad_rows", 1)


def test_what_becomes_no_rate_is_told(acme: Any) -> None:
    content = b"prefix,destination,per minute,Region,effective date,end date\n44,UK,0.01,EU,2026-01-01,2030-01-01\n33,France,0.01,EU,,2030-01-01\n"
    plan = made()
    first = imports.look(plan, content, at=NOON)
    load(plan, content)
    later = imports.look(plan, content, at=NOON)
    bad = imports.look(plan, content + b"x,,,,2026-01-01,\n", at=NOON)
    wide = imports.look(plan, content.replace(b"Region", b",".join(b"More %d" % n for n in range(22))), at=NOON)

    assert first.remarks == imports.Remarks(["Region"], 0, 0, 2)
    assert later.remarks == imports.Remarks(["Region"], 0, 1, 2)
    assert bad.remarks == imports.Remarks(["Region"], 0, 0, 0)
    assert (wide.remarks.ignored[-1], wide.remarks.ignored_more) == ("More 19", 2)
    assert (bool(first.remarks), bool(imports.Remarks())) == (True, False)
