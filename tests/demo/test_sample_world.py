"""The sample world is the same every time, its prefixes are real, and its books are right."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from billing_portal.accounts.models import Role
from billing_portal.demo import furnishing, history, prefixes, traffic, world
from billing_portal.demo.calendar import Calendar
from billing_portal.demo.cast import ACME, HOUSES, OWNER
from billing_portal.tenancy.domain import exchange
from customers.models import Standing
from invoicing.domain import ledger_check
from invoicing.models import Call, Document, WaitingCall
from rateplans.domain import rates_file
from tests.support import people

CALLER = traffic.Caller("100001", "GB", 5, "Europe/London", ("1001", "1002"))


def test_the_sample_rates_are_a_sound_file_of_thousands_of_real_prefixes() -> None:
    sheet = rates_file.parse(prefixes.rates_file())

    assert sheet.errors == []
    assert len(sheet.rates) > 10_000
    named = {rate.prefix: rate.destination for rate in sheet.rates}
    assert (named["44"], named["4420"], named["49"]) == ("United Kingdom", "United Kingdom - London", "Germany")


def test_the_same_day_has_the_same_calls() -> None:
    day = date(2026, 10, 14)

    assert list(traffic.records(CALLER, day)) == list(traffic.records(CALLER, day))
    assert len({record.key for record in traffic.records(CALLER, day)}) == len(list(traffic.records(CALLER, day)))


def test_two_full_months_are_told_and_what_has_passed_of_this_one() -> None:
    calendar = Calendar(datetime(2027, 1, 3, 9, tzinfo=UTC))

    assert calendar.first_day == date(2026, 11, 1)
    assert calendar.run_days == [date(2026, 12, 1), date(2027, 1, 1)]
    assert list(calendar.days())[-1] == date(2027, 1, 2)


def test_each_reseller_comes_after_its_parent_and_finds_a_wholesale_plan_there() -> None:
    made = {OWNER.schema: OWNER}
    for house in HOUSES[1:]:
        assert (f"Wholesale {house.currency}", house.currency) in [(name, currency) for name, currency, _percent in made[house.parent].plans]
        made[house.schema] = house
    assert sorted(made) == ["acme", "globex", "northwind", "owner"]


def test_days_come_month_by_month_each_once() -> None:
    calendar = Calendar(datetime(2027, 1, 3, 9, tzinfo=UTC))

    months = list(calendar.months())
    assert [month[0] for month in months] == [date(2026, 11, 1), date(2026, 12, 1), date(2027, 1, 1)]
    assert [day for month in months for day in month] == list(calendar.days())


@pytest.mark.django_db
def test_calls_of_every_day_and_of_today_can_be_converted(owner: Any) -> None:
    calendar = Calendar(datetime(2026, 11, 26, 9, tzinfo=UTC))

    world.publish_rates(calendar)

    days = [*calendar.days(), calendar.now.date()]
    assert [day for day in days if exchange.rate("GBP", "USD", day) is None] == []
    assert str(exchange.rate("EUR", "GBP", date(2026, 9, 1))) == "0.8660000000"
    assert str(exchange.rate("EUR", "GBP", calendar.now)) == "0.8680000000"


@pytest.mark.django_db
def test_what_is_told_of_a_reseller_leaves_its_books_right(acme: Any) -> None:
    house = replace(ACME, companies=(ACME.companies[0], ACME.companies[1], *(company for company in ACME.companies if company.pays != "in time")))
    people.user("first", Role.ADMINISTRATOR)
    calendar = Calendar(datetime(2026, 11, 10, 9, tzinfo=UTC))

    residents = furnishing.furnish(house, at=calendar.now, since=calendar.first_day)
    story = history.Story(house, residents, calendar)
    for day in calendar.days():
        story.pass_day(day)
    story.end()

    assert Call.objects.count() > 500
    assert set(Document.objects.filter(kind="invoice").values_list("period_start", flat=True)) == {date(2026, 9, 1), date(2026, 10, 1)}
    assert Standing.objects.filter(overdue_since__isnull=False).count() == 2
    assert sorted(WaitingCall.objects.values_list("reason", flat=True)) == ["conflict", "invalid_number", "unknown_customer"]
    assert ledger_check.check().differences == []
