"""Lock and unlock a customer, what the list and the page say, and what it means for its people."""

from typing import Any

import pytest
from django.utils import timezone

from customers.domain import locks
from customers.models import Customer, Lock, Standing
from tests.support.people import PASSWORD, client
from tests.support.world import jane

pytestmark = pytest.mark.django_db


def lock(browser: Any, of: Customer, *scopes: str, note: str = "") -> Any:
    return browser.post(f"/customers/{of.account_number}/lock/", {"scopes": scopes, "note": note})


def test_support_locks_calls_and_the_page_says_why(support: Any, anna: Customer) -> None:
    assert lock(support, anna, "calls", note="Strange calls at night").status_code == 302
    page = " ".join(support.get(f"/customers/{anna.account_number}/people/").content.decode().split())
    assert "Calls locked: Locked by staff" in page
    assert "Strange calls at night" in page
    listed = support.get("/customers/?show=locked")
    assert [row["state_pill"].label for row in listed.context["rows"]] == ["Locked"]
    assert "bp-state-off" in listed.content.decode()


def test_unlock_lifts_what_staff_locked_and_names_what_stays(support: Any, anna: Customer) -> None:
    lock(support, anna, "calls", "web")
    locks.set(anna, Lock.Reason.DAILY_LIMIT, Lock.Scope.CALLS, actor=jane, at=timezone.now())
    assert support.post(f"/customers/{anna.account_number}/unlock/").status_code == 302
    assert "Anna Ltd stays locked: Daily limit reached." in support.get("/customers/").content.decode()
    locks.lift(anna, Lock.Reason.DAILY_LIMIT, Lock.Scope.CALLS, actor=jane, at=timezone.now())
    assert support.get("/customers/?show=locked").context["listing"].total == 0


def test_nothing_chosen_locks_nothing(support: Any, anna: Customer) -> None:
    answer = lock(support, anna)
    assert answer.status_code == 422
    assert "Choose what to lock." in answer.content.decode()


def test_the_page_keeps_what_was(support: Any, anna: Customer) -> None:
    lock(support, anna, "calls", note="Once")
    support.post(f"/customers/{anna.account_number}/unlock/")
    assert "Once" in support.get(f"/customers/{anna.account_number}/lock/").content.decode()


def test_reports_cannot_lock(reports: Any, anna: Customer) -> None:
    assert reports.get(f"/customers/{anna.account_number}/lock/").status_code == 403
    assert lock(reports, anna, "calls").status_code == 403
    assert reports.post(f"/customers/{anna.account_number}/unlock/").status_code == 403


def test_people_cannot_lock_or_unlock(annas: Any, anna: Customer) -> None:
    assert lock(annas, anna, "calls").status_code == 404
    assert annas.post(f"/customers/{anna.account_number}/unlock/").status_code == 404


def test_a_locked_sign_in_ends_the_sessions_of_people(support: Any, annas: Any, anna: Customer) -> None:
    assert annas.get("/my/people/").status_code == 200
    lock(support, anna, "web")
    assert annas.get("/my/people/").url.startswith("/sign-in/")
    support.post(f"/customers/{anna.account_number}/unlock/")
    assert annas.get("/my/people/").url.startswith("/sign-in/")


def test_a_locked_sign_in_refuses_the_right_password_and_says_why(support: Any, anna: Customer) -> None:
    user = anna.people.get().user
    user.set_password(PASSWORD)
    user.save()
    lock(support, anna, "web")
    refused = client().post("/sign-in/", {"login": anna.account_number, "password": PASSWORD})
    assert refused.status_code == 422
    assert "Sign-in is locked for your company." in refused.content.decode()
    wrong = client().post("/sign-in/", {"login": anna.account_number, "password": "something else entirely"})
    assert "locked" not in wrong.content.decode()
    support.post(f"/customers/{anna.account_number}/unlock/")
    assert client().post("/sign-in/", {"login": anna.account_number, "password": PASSWORD}).status_code == 302


def test_locked_calls_leave_the_sign_in_alone(support: Any, annas: Any, anna: Customer) -> None:
    lock(support, anna, "calls")
    assert "Calls from your lines are locked" in annas.get("/my/").content.decode()


def test_staff_may_still_switch(support: Any, anna: Customer) -> None:
    lock(support, anna, "web")
    support.post("/customers/switch/", {"account": anna.account_number})
    assert support.get("/my/people/").wsgi_request.viewer.acted_for == "Anna Ltd"


def test_low_balances_are_a_part_of_the_list(commerce: Any, anna: Customer) -> None:
    assert commerce.get("/customers/?show=low").context["listing"].total == 0
    Standing.objects.filter(customer=anna).update(low_since=timezone.now())
    [row] = commerce.get("/customers/?show=low").context["rows"]
    assert str(row["state_pill"].label) == "Low balance"
