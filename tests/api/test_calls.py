"""`POST /api/v1/calls`: what a switch may send, and what it is told (contracts, Calls)."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from django_tenants.utils import schema_context

from billing_portal.accounts.domain import keys
from billing_portal.accounts.models import ApiKey, Switch
from billing_portal.tenancy.models import Reseller
from customers.models import AccountCode, Customer
from invoicing.domain.formats.rows import LIMITS
from invoicing.models import Call, CallBatch, CallKey, WaitingCall
from tests.support import world
from tests.support.world import jane

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
HOST = "acme.localhost"


def a_key(name: str = "Frankfurt") -> str:
    return keys.make(Switch.objects.create(name=name), [keys.CALLS_WRITE], actor=jane, at=NOON)[1]


@pytest.fixture
def secret(acme: Reseller) -> str:
    return a_key()


@pytest.fixture
def anna(acme: Reseller) -> Customer:
    made = world.customer("Anna Ltd", on=world.plan())
    AccountCode.objects.create(code="anna-100", customer=made)
    return made


def a_call(**given: Any) -> dict[str, Any]:
    fields = {"call_id": "c1", "account": "anna-100", "to": "+44 20 7946 0123", "setup_at": "2026-10-03T10:00:00+01:00", "seconds": 61}
    return {name: value for name, value in {**fields, "answered_at": fields["setup_at"], **given}.items() if value is not ...}


def post(secret: str, body: Any, *, host: str = HOST, scheme: str = "Bearer") -> Any:
    data = body if isinstance(body, (str, bytes)) else json.dumps(body)
    return Client(headers={"host": host}).post("/api/v1/calls", data, content_type="application/json", headers={"Authorization": f"{scheme} {secret}"})


def test_calls_are_answered_in_order(anna: Customer, secret: str) -> None:
    again = a_call(setup_at="2026-10-03T09:00:00Z", answered_at="2026-10-03T09:00:00.000Z")
    answer = post(
        secret, {"records": [a_call(), a_call(call_id="c2", account="nobody"), again, a_call(seconds=62), a_call(leg="b", **{"from": "1001", "trunk": "n"})]}
    )

    rated = {"reason": None, "price": "0.0610", "currency": "GBP", "billed_seconds": 61}
    waits = {"price": None, "currency": None, "billed_seconds": None}
    assert (answer.status_code, answer.json()) == (
        200,
        {
            "records": [
                {"call_id": "c1", "leg": "a", "status": "rated", **rated},
                {"call_id": "c2", "leg": "a", "status": "queued", "reason": "unknown_customer", **waits},
                {"call_id": "c1", "leg": "a", "status": "repeated", **rated},
                {"call_id": "c1", "leg": "a", "status": "conflict", "reason": "conflict", **waits},
                {"call_id": "c1", "leg": "b", "status": "rated", **rated},
            ]
        },
    )
    assert [call.extra for call in Call.objects.filter(caller="1001")] == [{"trunk": "n"}]
    assert (CallBatch.objects.get().actor_name, CallBatch.objects.get().source) == ("Frankfurt", "api")


def test_seconds_without_an_answer_wait_as_a_bad_record(anna: Customer, secret: str) -> None:
    answer = post(secret, {"records": [a_call(answered_at=...)]})

    assert [entry["reason"] for entry in answer.json()["records"]] == ["bad_record"]


def test_no_records_are_no_problem(secret: str) -> None:
    assert post(secret, {"records": []}).json() == {"records": []}


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, "records"),
        ([], "(body)"),
        ("", "(body)"),
        ("{", "(body)"),
        (b"\xff\xfe", "(body)"),
        ('{"records": [' + '{"a":' * 5000, "(body)"),
        ({"records": {}}, "records"),
        ({"records": [], "more": 1}, "more"),
        ({"records": [a_call(), 7]}, "records[1]"),
        ({"records": [a_call(), a_call(call_id=...)]}, "records[1].call_id"),
        ({"records": [a_call(call_id="")]}, "records[0].call_id"),
        ({"records": [a_call(call_id="x" * 129)]}, "records[0].call_id"),
        ({"records": [a_call(call_id="  " + "x" * 127)]}, "records[0].call_id"),
        ({"records": [a_call(leg=" " * 64 + "a" * 16)]}, "records[0].leg"),
        ({"records": [a_call(call_id="x\0y")]}, "records[0].call_id"),
        ({"records": [a_call(to=...)]}, "records[0].to"),
        ({"records": [a_call(to=44)]}, "records[0].to"),
        ({"records": [a_call(setup_at=...)]}, "records[0].setup_at"),
        ({"records": [a_call(setup_at="2026-10-03T10:00:00")]}, "records[0].setup_at"),
        ({"records": [a_call(setup_at="1790000000")]}, "records[0].setup_at"),
        ({"records": [a_call(setup_at=1790000000)]}, "records[0].setup_at"),
        ({"records": [a_call(setup_at="0001-01-01T00:00:00+14:00")]}, "records[0].setup_at"),
        ({"records": [a_call(seconds="61")]}, "records[0].seconds"),
        ({"records": [a_call(seconds=61.5)]}, "records[0].seconds"),
        ({"records": [a_call(direction="sideways")]}, "records[0].direction"),
        ({"records": [a_call(account=...)]}, "records[0]"),
        ({"records": [a_call(account="", line=None)]}, "records[0]"),
    ],
)
def test_a_body_of_another_shape_is_refused_by_its_path_and_nothing_is_taken(anna: Customer, secret: str, body: Any, path: str) -> None:
    answer = post(secret, body)

    assert (answer.status_code, [problem["path"] for problem in answer.json()["detail"]]) == (422, [path])
    assert not CallKey.objects.exists()
    assert not WaitingCall.objects.exists()


@pytest.mark.rel(59)
def test_a_refusal_does_not_send_back_what_was_sent(secret: str) -> None:
    answer = post(secret, {"records": [a_call(setup_at="2026-10-03T1" + "0" * 500_000)]})

    assert (answer.status_code, len(answer.content) < 200) == (422, True)
    assert "A time is written as 2026-11-21T12:00:00+00:00." in answer.json()["detail"][0]["message"]


def test_more_than_ten_thousand_records_are_refused(secret: str) -> None:
    answer = post(secret, {"records": [a_call()] * 10_001})

    assert (answer.status_code, answer.json()["detail"][0]["path"]) == (422, "records")


@pytest.mark.parametrize("value", [{"a": [1, "x\0"]}, "\ud83d\ude00", 1e308, 10**40, None, True])
def test_unknown_keys_are_kept_whatever_they_hold(anna: Customer, secret: str, value: Any) -> None:
    answer = post(secret, {"records": [a_call(more=value)]})

    assert [entry["status"] for entry in answer.json()["records"]] == ["rated"]


def test_numbers_that_json_does_not_know_are_kept_as_text(anna: Customer, secret: str) -> None:
    body = json.dumps({"records": [a_call(more=1)]}).replace('"more": 1', '"more": NaN, "most": 1e999')
    post(secret, body)

    assert [call.extra for call in Call.objects.all()] == [{"more": "nan", "most": "inf"}]


@pytest.mark.rel(96)
def test_switches_go_on_while_the_sign_in_of_the_reseller_is_locked(anna: Customer, secret: str) -> None:
    Reseller.objects.filter(schema_name="acme").update(web_locked=True)

    answer = post(secret, {"records": [a_call()]})

    assert (answer.status_code, answer.json()["records"][0]["status"]) == (200, "rated")


def test_without_a_key_nothing_is_taken(anna: Customer, secret: str) -> None:
    body = {"records": [a_call()]}
    with schema_context("globex"):
        foreign = a_key()
    revoked = a_key("Old")
    keys.revoke(ApiKey.objects.get(switch__name="Old"), actor=jane, at=NOON)

    refused = [post("", body), post("nonsense", body), post("bp_é", body), post(secret, body, scheme="Basic"), post(foreign, body), post(revoked, body)]

    assert [answer.status_code for answer in refused] == [401] * 6
    assert post(secret, body, host="globex.localhost").status_code == 401
    assert not CallKey.objects.exists()


@pytest.mark.rel(96)
def test_a_key_without_the_scope_is_refused(anna: Customer, secret: str) -> None:
    ApiKey.objects.update(scopes=["calls:read"])

    assert post(secret, {"records": [a_call()]}).status_code == 403
    assert not CallKey.objects.exists()


@pytest.mark.rel(96)
def test_a_key_works_from_its_addresses_and_from_nowhere_else(anna: Customer, acme: Reseller) -> None:
    switch = Switch.objects.create(name="Frankfurt")
    _key, secret = keys.make(switch, [keys.CALLS_WRITE], addresses="203.0.113.7 198.51.100.0/24", actor=jane, at=NOON)

    def sent_from(address: str, **headers: str) -> Any:
        client = Client(headers={"host": HOST}, REMOTE_ADDR=address)
        return client.post(
            "/api/v1/calls", json.dumps({"records": [a_call()]}), content_type="application/json", headers={"Authorization": f"Bearer {secret}", **headers}
        )

    refused = [sent_from("203.0.113.8"), sent_from("127.0.0.1", **{"X-Forwarded-For": "203.0.113.7"}), sent_from("")]
    assert [answer.status_code for answer in refused] == [403] * 3
    assert refused[0].json() == {"detail": "This key does not work from the address 203.0.113.8."}
    assert not CallKey.objects.exists()
    assert ApiKey.objects.get().last_used_at is None
    assert [sent_from(address).status_code for address in ("203.0.113.7", "198.51.100.20")] == [200, 200]


def test_only_post(secret: str) -> None:
    assert Client(headers={"host": HOST}).get("/api/v1/calls").status_code == 405


@pytest.mark.rel(59)
def test_a_body_beyond_the_limit_is_refused(secret: str, settings: Any) -> None:
    settings.API_BODY_MOST_BYTES = 100
    answer = post(secret, {"records": [a_call()]})

    assert (answer.status_code, answer.json()) == (413, {"detail": "The body is too large: send fewer records at once."})
    assert not CallKey.objects.exists()


@pytest.mark.rel(59)
@pytest.mark.parametrize("value", ["{}", "[]", "1", "[[[[]]]]", '{"":0}'])
def test_a_body_of_more_values_than_any_ten_thousand_records_have_is_refused(anna: Customer, secret: str, value: str) -> None:
    body = json.dumps({"records": [a_call(more=[])]}).replace("[]", f"[{','.join([value] * 500_000)}]")
    answer = post(secret, body)

    assert (answer.status_code, answer.json()) == (413, {"detail": "The body is too large: send fewer records at once."})
    assert not CallKey.objects.exists()


@pytest.mark.rel(59)
def test_ten_thousand_records_with_every_field_full_are_no_larger_than_a_body_may_be(settings: Any) -> None:
    texts = {name: "x" * most for name, most in LIMITS.items()}
    times = dict.fromkeys(("setup_at", "answered_at", "ended_at"), "2026-10-03T10:00:00.000000+01:00")
    body = json.dumps({"records": [texts | times | {"direction": "out", "seconds": 2_678_400}] * 10_000})

    assert len(body) < settings.API_BODY_MOST_BYTES
    assert sum(map(body.count, ",[{")) < settings.API_BODY_MOST_VALUES / 3


@pytest.mark.rel(59)
def test_of_what_a_record_carries_besides_as_much_is_kept_as_there_is_room_for(anna: Customer, secret: str) -> None:
    besides: dict[str, dict[str, Any]] = {
        "101": {"more": [{}] * 100_000},
        "102": {"more": "é" * 5_000, "last": 1},
        "103": {"one": 1, "more": ["é" * 4_080] * 9},
    }
    answer = post(secret, {"records": [a_call(call_id=caller, **{"from": caller}, **given) for caller, given in besides.items()]})

    assert [entry["status"] for entry in answer.json()["records"]] == ["rated"] * 3
    assert {call.caller: call.extra for call in Call.objects.all()} == {
        "101": {"more": [*[{}] * 4_091, "…"]},
        "102": {"more": "é" * 4_091 + "…", "…": "…"},
        "103": {"one": 1, "more": ["é" * 4_080, "éééé…", "…"]},
    }


@pytest.mark.rel(59)
def test_a_body_is_read_only_once_the_key_is_known(anna: Customer, secret: str, settings: Any) -> None:
    settings.API_BODY_MOST_BYTES = 100

    assert post("bp_nobodys", {"records": [a_call()]}).status_code == 401


def test_a_switch_may_send_far_more_than_a_form_may_hold(anna: Customer, secret: str) -> None:
    answer = post(secret, json.dumps({"records": [a_call()]}) + " " * 5_000_000)

    assert (answer.status_code, [entry["status"] for entry in answer.json()["records"]]) == (200, ["rated"])


def test_a_use_of_the_key_is_remembered(anna: Customer, secret: str) -> None:
    post(secret, {"records": []})

    assert ApiKey.objects.get().last_used_at is not None


def test_the_interface_describes_itself(acme: Reseller) -> None:
    told = Client(headers={"host": HOST}).get("/api/v1/openapi.json").json()

    operation = told["paths"]["/api/v1/calls"]["post"]
    body = operation["requestBody"]["content"]["application/json"]["schema"]["properties"]["records"]
    assert (body["maxItems"], body["items"]["required"]) == (10_000, ["call_id", "to", "setup_at"])
    assert "from" in body["items"]["properties"]
    assert sorted(operation["responses"]) == ["200", "401", "403", "413", "422"]
    assert "$defs" not in json.dumps(told)


@pytest.mark.rel(60)
def test_calls_of_one_reseller_are_not_in_another(anna: Customer, secret: str) -> None:
    post(secret, {"records": [a_call()]})
    with schema_context("globex"):
        assert not Call.objects.exists()
