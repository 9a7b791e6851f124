from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from billing_portal.accounts.actor import Actor
from billing_portal.accounts.domain import audit
from billing_portal.accounts.models import User
from tests.support.people import client, user

NOVEMBER = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)


def happened(action: str = "line.added", *, by: str = "Ann Lee", on: str = "1001", at: datetime = NOVEMBER, **more: Any) -> None:
    audit.record(Actor(name=by), action, subject=("line", uuid4(), on), at=at, **more)


def page(query: str = "") -> str:
    return client(user("jane")).get(f"/platform/audit/{query}").content.decode()


def test_an_entry_says_who_what_on_what_and_from_what_to_what(acme: Any) -> None:
    happened("customer.changed", on="Anna Ltd", changes={"credit_limit": ("100.00", "200.00")})
    text = page()

    for part in ("Ann Lee", "Credit limit changed", "Anna Ltd", "Credit limit: 100.00 → 200.00"):
        assert part in text, part


def test_what_was_done_while_switched_names_both(acme: Any) -> None:
    audit.record(Actor(name="Ann Lee").acting_for(uuid4(), "Anna Ltd"), "line.added", subject=("line", None, "1001"), at=NOVEMBER)
    text = page()

    assert "Ann Lee" in text
    assert "as [Anna Ltd]" in text


def test_the_trail_is_filtered_by_person(acme: Any) -> None:
    happened(on="by-ann")
    happened(by="Bob", on="by-bob")
    text = page("?who=ann")

    assert "by-ann" in text
    assert "by-bob" not in text


def test_the_trail_is_filtered_by_the_resellers_own_day(acme: Any, globex: Any) -> None:
    """In New York, 02:30 UTC is still the evening before."""
    happened(on="evening", at=datetime(2026, 11, 21, 2, 30, tzinfo=UTC))
    happened(on="morning", at=datetime(2026, 11, 21, 12, 0, tzinfo=UTC))
    text = page("?since=2026-11-20&until=2026-11-20")

    assert "evening" in text
    assert "morning" not in text


def test_a_day_that_is_none_is_said_and_filters_nothing(acme: Any) -> None:
    happened(on="by-ann")
    answer = client(user("jane")).get("/platform/audit/?since=yesterday")

    assert answer.status_code == 422
    assert "Enter a valid date" in answer.content.decode()


@pytest.mark.parametrize("query", ["until=9999-12-31", "since=9999-12-31", "since=0001-01-01", "until=0001-01-01"])
@pytest.mark.parametrize("zone", ["Pacific/Auckland", "America/New_York"])
def test_a_day_at_the_ends_of_the_calendar_is_said_too(acme: Any, query: str, zone: str) -> None:
    happened(on="by-ann")
    jane = user("jane")
    User.objects.filter(pk=jane.pk).update(time_zone=zone)
    answer = client(jane).get(f"/platform/audit/?{query}")

    assert answer.status_code == 422
    assert "Choose a date after 1990." in answer.content.decode()
    assert "by-ann" in answer.content.decode()


def test_the_trail_has_pages(acme: Any) -> None:
    for number in range(30):
        happened(on=f"line-{number:02}", at=datetime(2026, 11, 1, 0, number, tzinfo=UTC))
    first, second = page("?size=10"), client(user("joe")).get("/platform/audit/?size=10&page=3").content.decode()

    assert "line-29" in first
    assert "line-29" not in second
