"""The queue: what waits is shown with its reason and its record, and decided by those who may."""

import html
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django_tenants.utils import schema_context

from billing_portal.accounts.models import Role, Switch, User
from customers.models import AccountCode, Customer
from invoicing.domain import calls
from invoicing.domain.records import CallRecord
from invoicing.models import WaitingCall
from invoicing.queries import calls as queries
from rateplans.models import RatePlan
from tests.rateplans.steps import load
from tests.support import people, world
from tests.support.world import balance, jane

pytestmark = pytest.mark.django_db
NINE = datetime(2026, 10, 3, 9, 0, tzinfo=UTC)
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture
def anna(acme: Any) -> Customer:
    """One call without rate, two of nobody, one conflict."""
    made = world.customer("Anna Ltd", on=world.plan())
    switch = Switch.objects.get_or_create(name="default")[0]
    records = [
        CallRecord("france", "33155550100", NINE, account=made.account_number, answered_at=NINE, seconds=60),
        *(CallRecord(f"nobody-{n}", "442079460123", NINE, account="nobody", answered_at=NINE, seconds=60, extra={"trunk": "<b>n</b>"}) for n in (1, 2)),
        *(CallRecord("twice", "442079460123", NINE, account=made.account_number, answered_at=NINE, seconds=n) for n in (60, 61)),
    ]
    calls.ingest(records, switch=switch, source="api", actor=jane, at=NOON)
    return made


@pytest.fixture
def desk(acme: Any) -> Client:
    return people.client(people.user("carol", Role.COMMERCE))


def ids(*reasons: str) -> list[str]:
    return [str(pk) for pk in WaitingCall.objects.filter(reason__in=reasons).values_list("pk", flat=True)]


def states() -> dict[str, str]:
    return dict(WaitingCall.objects.values_list("key__call_id", "state"))


def test_what_waits_is_shown_with_its_reason_and_record(anna: Customer, desk: Client) -> None:
    shown = desk.get("/calls/waiting/").content.decode()

    for part in (
        "The rate plan has no rate for this number",
        "no rate for 33155550100 in Standard",
        "Nobody has this account, line or address",
        "account nobody",
        "&lt;b&gt;n&lt;/b&gt;",
        "france",
        "No rate",
    ):
        assert part in shown
    assert "<b>n</b>" not in shown


def test_a_chip_shows_one_reason(anna: Customer, desk: Client) -> None:
    shown = desk.get("/calls/waiting/?show=no_rate").content.decode()

    assert "33155550100" in shown.replace(" ", "").replace("+", "")
    assert "nobody-1" not in shown


def test_a_missing_rate_is_added_with_a_date_before_the_call_and_the_call_is_rated(anna: Customer, desk: Client) -> None:
    plan = RatePlan.objects.get()
    loaded = SimpleUploadedFile("more.csv", b"prefix,destination,per minute\n33,France,0.60\n")
    shown = desk.get("/calls/waiting/").content.decode()
    link = f"/rate-plans/{plan.pk}/import/?mode=add&in_force_from=2026-10-03T10%3A00"
    assert "Add the rate with a date before the call, then rate again." in shown
    assert "Standard: 1 call, at 3 Oct 2026 10:00:00." in " ".join(shown.split())
    assert link.replace("&", "&amp;") in shown

    form = desk.get(link).context["form"]
    sent: dict[str, Any] = {name: form[name].value() for name in ("mode", "in_force_from")}
    address = desk.post(f"/rate-plans/{plan.pk}/import/", {**sent, "file": loaded})["Location"]
    seen = desk.get(address).context["seen"]
    given = {"mode": seen.mode, "looked_at": seen.current_number, "in_force_from": sent["in_force_from"]}
    applied = desk.post(address, given, follow=True).content.decode()
    assert "Version 2 applied: 2 rates. Now rate the waiting calls again, under Reports » Waiting calls." in applied
    answer = desk.post("/calls/waiting/rate-again/", {"reason": "no_rate", "every": "on"}, follow=True)

    assert "1 call was rated." in answer.content.decode()
    assert (states()["france"], balance(anna)) == ("rated", Decimal("-0.66"))
    assert "Add the rate with a date" not in answer.content.decode()


@pytest.mark.parametrize("began", [NINE, NINE - timedelta(milliseconds=400)])
def test_a_call_is_rated_though_another_version_began_at_its_moment_or_just_before(anna: Customer, desk: Client, began: datetime) -> None:
    """Such as a file with a mistake in it, dated as the page proposes."""
    plan = RatePlan.objects.get()
    load(plan, b"prefix,destination,per minute\n34,Spain,0.60\n", mode="add", at=NOON, in_force_from=began)
    link = re.search(r'href="([^"]*import/[^"]*)"', desk.get("/calls/waiting/").content.decode())
    assert link is not None
    moment = desk.get(html.unescape(link[1])).context["form"]["in_force_from"].value()

    sent = {"mode": "add", "in_force_from": moment, "file": SimpleUploadedFile("more.csv", b"prefix,destination,per minute\n33,France,0.60\n")}
    address = desk.post(f"/rate-plans/{plan.pk}/import/", sent)["Location"]
    seen = desk.get(address).context["seen"]
    desk.post(address, {"mode": "add", "looked_at": seen.current_number, "in_force_from": moment})
    answer = desk.post("/calls/waiting/rate-again/", {"reason": "no_rate", "every": "on"}, follow=True)

    assert "1 call was rated." in answer.content.decode()


def test_a_rate_that_is_in_force_only_from_now_on_rates_no_call_that_waits(anna: Customer, desk: Client) -> None:
    load(RatePlan.objects.get(), b"prefix,destination,per minute\n33,France,0.60\n", mode="add", at=NOON)
    answer = desk.post("/calls/waiting/rate-again/", {"reason": "no_rate", "every": "on"}, follow=True).content.decode()

    assert "0 calls were rated. 1 still wait, each with its reason." in answer
    assert "Add the rate with a date before the call, then rate again." in answer


def test_what_a_shared_plan_lacks_is_the_parent_s_to_add(anna: Customer, desk: Client) -> None:
    RatePlan.objects.update(inherits="shared", shared_schema="owner", shared_plan_id=anna.pk)
    shown = desk.get("/calls/waiting/?show=no_rate").content.decode()

    assert "Your parent shares this plan: ask it to add the rate." in shown
    assert "/import/" not in shown


def test_those_who_may_not_change_rates_are_not_asked_to(anna: Customer) -> None:
    shown = people.client(people.user("sam", Role.SUPPORT)).get("/calls/waiting/").content.decode()

    assert "no rate for 33155550100 in Standard" in shown
    assert "Add the rate with a date" not in shown


def test_the_menu_counts_what_waits(anna: Customer, desk: Client) -> None:
    carol = User.objects.get(username="carol")

    class Viewer:
        role, party = carol.role, None

    assert queries.waiting_count(Viewer()) == 4  # type: ignore[arg-type]


def test_chosen_calls_are_rated_again(anna: Customer, desk: Client) -> None:
    AccountCode.objects.create(code="nobody", customer=anna)
    answer = desk.post("/calls/waiting/rate-again/?show=unknown_customer", {"ids": ids("unknown_customer")[:1], "reason": "unknown_customer"}, follow=True)

    assert answer.redirect_chain == [("/calls/waiting/?show=unknown_customer", 302)]
    assert "1 call was rated." in answer.content.decode()
    assert (sorted(states().values()), balance(anna)) == (["rated", "waiting", "waiting", "waiting"], Decimal("-0.12"))


def test_all_of_a_reason_are_rated_again(anna: Customer, desk: Client) -> None:
    AccountCode.objects.create(code="nobody", customer=anna)
    desk.post("/calls/waiting/rate-again/", {"every": "on", "reason": "unknown_customer"})

    assert states() == {"france": "waiting", "nobody-1": "rated", "nobody-2": "rated", "twice": "waiting"}


def test_what_still_waits_is_said(anna: Customer, desk: Client) -> None:
    answer = desk.post("/calls/waiting/rate-again/", {"every": "on", "reason": ""}, follow=True)

    assert "0 calls were rated. 3 still wait, each with its reason." in answer.content.decode()


def test_calls_are_set_aside_with_a_note(anna: Customer, desk: Client) -> None:
    desk.post("/calls/waiting/set-aside/", {"ids": ids("no_rate"), "note": "wrong number"})

    row = WaitingCall.objects.get(state="set_aside")
    assert (row.key.call_id, row.note, row.decided_by) == ("france", "wrong number", "Carol")


def test_setting_aside_cannot_be_done_without_a_note(anna: Customer, desk: Client) -> None:
    answer = desk.post("/calls/waiting/set-aside/?show=no_rate", {"ids": ids("no_rate"), "reason": "no_rate", "note": " "})

    assert answer.status_code == 422
    assert "Write why these calls are never billed." in answer.content.decode()
    assert set(states().values()) == {"waiting"}


def shown(desk: Client, reason: str) -> dict[str, str]:
    """What the page of one reason says it has shown, as a browser sends it back."""
    page = desk.get(f"/calls/waiting/?show={reason}").content.decode()
    return dict(re.findall(r'<input type="hidden" name="(reason|shown_until|shown)" value="([^"]*)">', page)) | {"every": "on"}


def come(anna: Customer, at: datetime, *names: str) -> None:
    records = [CallRecord(name, "33155550100", NINE, account=anna.account_number, answered_at=NINE, seconds=n) for name in names for n in (60, 61)]
    calls.ingest(records, switch=Switch.objects.get(), source="api", actor=jane, at=at)


def test_of_everything_only_what_the_page_had_shown_is_set_aside_or_decided(anna: Customer, desk: Client) -> None:
    rates, conflicts = shown(desk, "no_rate"), shown(desk, "conflict")
    come(anna, NOON + timedelta(minutes=1), "later")

    assert desk.post("/calls/waiting/set-aside/", rates | {"note": "one test call"}).status_code == 302
    assert desk.post("/calls/waiting/keep-the-first/", conflicts).status_code == 302
    decided = WaitingCall.objects.filter(state="set_aside").order_by("key__call_id")
    assert list(decided.values_list("key__call_id", "reason")) == [("france", "no_rate"), ("twice", "conflict")]


@pytest.mark.parametrize("drop", [(), ("shown_until",), ("shown",)])
def test_everything_cannot_be_set_aside_when_more_slipped_in_or_nobody_says_what_was_shown(anna: Customer, desk: Client, drop: tuple[str, ...]) -> None:
    """A switch's records may have come before the page and been written after it."""
    rates, conflicts = ({name: value for name, value in shown(desk, reason).items() if name not in drop} for reason in ("no_rate", "conflict"))
    come(anna, NOON - timedelta(minutes=1), "slipped in")

    for verb, given in (("set-aside", rates | {"note": "x"}), ("keep-the-first", conflicts)):
        answer = desk.post(f"/calls/waiting/{verb}/", given)
        assert answer.status_code == 422
        assert "Other calls wait than were shown. Look at them first." in answer.content.decode()
    assert set(states().values()) == {"waiting"}


@pytest.mark.parametrize(("verb", "reason"), [("set-aside", "no_rate"), ("keep-the-first", "conflict")])
def test_a_record_that_slipped_in_is_not_set_aside_unseen_in_the_place_of_one_that_was_decided(anna: Customer, desk: Client, verb: str, reason: str) -> None:
    """As many wait as the page has shown, and they came as early, but they are others; seen once more they are decided."""
    before = shown(desk, reason)
    come(anna, NOON - timedelta(minutes=1), "slipped in")
    desk.post("/calls/waiting/set-aside/", {"ids": ids(reason)[:1], "note": "decided by somebody else"})

    assert desk.post(f"/calls/waiting/{verb}/", before | {"note": "x"}).status_code == 422
    left = WaitingCall.objects.filter(state="waiting", reason=reason).values_list("key__call_id", flat=True)
    assert list(left) == ["slipped in"]
    assert desk.post(f"/calls/waiting/{verb}/", shown(desk, reason) | {"note": "x"}).status_code == 302
    assert list(left.all()) == []


@pytest.mark.parametrize("given", [{}, {"ids": ["nonsense"]}, {"ids": []}, {"reason": "nonsense", "every": "on"}])
def test_nothing_chosen_changes_nothing(anna: Customer, desk: Client, given: dict[str, Any]) -> None:
    for verb in ("rate-again", "set-aside", "keep-the-first"):
        assert desk.post(f"/calls/waiting/{verb}/", {**given, "note": "x"}).status_code == 422
    assert set(states().values()) == {"waiting"}


def test_the_first_of_two_is_kept(anna: Customer, desk: Client) -> None:
    desk.post("/calls/waiting/keep-the-first/", {"ids": ids("conflict", "no_rate")})

    assert states() == {"france": "waiting", "nobody-1": "waiting", "nobody-2": "waiting", "twice": "set_aside"}


@pytest.mark.parametrize("role", [Role.SUPPORT, Role.REPORTS])
def test_who_may_only_look_cannot_decide(anna: Customer, role: Role) -> None:
    looker = people.client(people.user("sue", role))

    assert "Rate again" not in looker.get("/calls/waiting/").content.decode()
    for verb in ("rate-again", "set-aside", "keep-the-first"):
        assert looker.post(f"/calls/waiting/{verb}/", {"ids": ids("no_rate"), "note": "x"}).status_code == 403
    assert set(states().values()) == {"waiting"}


def test_waiting_denies_other_reseller(anna: Customer) -> None:
    chosen = ids("no_rate")
    with schema_context("globex"):
        stranger = people.client(people.user("greta", Role.ADMINISTRATOR))
        assert "france" not in stranger.get("/calls/waiting/").content.decode()
        stranger.post("/calls/waiting/set-aside/", {"ids": chosen, "note": "x"})
    assert set(states().values()) == {"waiting"}


def test_an_empty_queue_says_so(desk: Client) -> None:
    assert "No call waits" in desk.get("/calls/waiting/").content.decode()
