"""What may be done while switched, under whose name it stands, and what may never be done (reliability 70, 71)."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.urls.converters import IntConverter, UUIDConverter
from django.utils import timezone
from django_tenants.utils import schema_context

from billing_portal.accounts.domain import keys, switches
from billing_portal.accounts.models import AuditEntry, Role, Switch, User
from billing_portal.web.access import OPEN_WHILE_ACTING, is_third_party, view_name
from customers.models import Customer, Line, Person, Transfer
from invoicing.domain import payments
from invoicing.models import TopUpRequest
from tests.support import walks, world
from tests.support.addresses import takes_forms
from tests.support.people import client, user
from tests.support.walks import Walk, walk_of
from tests.support.world import jane


def every_view(patterns: Any = None, names: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Each view by its name with the namespace."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(pattern, URLResolver):
            yield from every_view(pattern.url_patterns, f"{names}{pattern.namespace}:" if pattern.namespace else names)
        else:
            yield f"{names}{pattern.name}", pattern


def address(name: str, pattern: URLPattern) -> str:
    """The view's address with an argument of the right form wherever one stands."""
    return reverse(name, kwargs={argument: _given(converter) for argument, converter in pattern.pattern.converters.items()})


def _given(converter: Any) -> Any:
    if isinstance(converter, UUIDConverter):
        return uuid4()
    return 1 if isinstance(converter, IntConverter) else "x"


def shut(*, from_above: bool = True) -> list[tuple[str, URLPattern]]:
    """Views about somebody's own account, those that would hand over a password or a key, those of the sign-in library; from a parent, those that let
    somebody in as well."""
    found = []
    for name, pattern in every_view():
        view = pattern.callback
        own = getattr(getattr(view, "access", None), "audience", "") == "own_account" or hasattr(view, "never_switched")
        library = is_third_party(view) and "ninja" not in getattr(view, "__module__", "") and view_name(view) not in OPEN_WHILE_ACTING
        if own or library or (from_above and hasattr(view, "never_from_above")):
            found.append((name, pattern))
    return found


@pytest.fixture
def walk(owner: Any) -> Walk:
    walks.plant()
    with schema_context("owner"):
        return walk_of("owner", user("orla", name="Orla Byrne"))


@pytest.fixture
def anna(owner: Any) -> Customer:
    """A customer of Acme with a person and a line."""
    with schema_context("acme"):
        switches.ensure_default()
        made = world.customer("Anna Ltd", on=world.plan())
        Person.objects.create(user=user("ann", Role.ACCOUNT_ADMIN), customer=made)
        Line.objects.create(customer=made, name="1001")
        return made


def test_what_is_shut_is_known() -> None:
    names = {name for name, _pattern in shut()}

    assert {"web:key-new", "web:key-revoke", "customers:person-link", "customers:my-person-link", "web:staff-link"} <= names
    assert {"web:staff-new", "web:staff-activate", "customers:person-new", "customers:my-person-new", "resellers:new"} <= names
    assert any("password" in name for name in names)


@pytest.mark.rel(71)
@pytest.mark.parametrize("inside", [False, True])
def test_no_account_and_no_key_is_captured_at_any_address(walk: Walk, anna: Customer, inside: bool) -> None:
    """From the parent in the reseller's own pages, and inside one of its customers: each of these addresses, read or posted to, is a 403."""
    walk.go("owner", "acme")
    if inside:
        walk.post("acme", "/customers/switch/", {"account": anna.account_number})
    frame = walk.viewer("acme").frame
    with schema_context("acme"):
        window = walk.windows["acme"]
        open_ = {
            name: answers
            for name, pattern in shut()
            if (answers := [window.get(address(name, pattern)).status_code, window.post(address(name, pattern), {"frame": frame}).status_code]) != [403, 403]
        }
    assert open_ == {}


@pytest.mark.rel(71)
def test_the_same_addresses_are_open_to_those_who_signed_in(walk: Walk, anna: Customer) -> None:
    """They are shut because of the switch and for nothing else."""
    with schema_context("acme"):
        window = client(user("joan"))
        answers = {name: window.get(address(name, pattern)).status_code for name, pattern in shut()}

    assert 403 not in answers.values(), answers


@pytest.mark.rel(69)
@pytest.mark.rel(71)
def test_who_came_from_the_parent_is_offered_nothing_that_is_shut(walk: Walk, anna: Customer) -> None:
    """And leaves behind neither an account of their own nor a switch without its key."""
    walk.go("owner", "acme")
    with schema_context("acme"):
        joan, switch = user("joan"), Switch.objects.get()
        key, _secret = keys.make(switch, [keys.CALLS_WRITE], actor=jane, at=timezone.now())
        own = client(user("jan"))
        ways = {
            "/settings/staff/": "/settings/staff/new/",
            f"/settings/staff/{joan.pk}/": f"/settings/staff/{joan.pk}/link/",
            "/settings/switches/": f"/settings/keys/{key.pk}/revoke/",
            "/settings/switches/?": f"/settings/switches/{switch.pk}/keys/new/",
        }
        shown = {way: [way in browser.get(page).content.decode() for browser in (walk.windows["acme"], own)] for page, way in ways.items()}
        assert shown == {way: [False, True] for way in ways.values()}

        frame, someone = walk.viewer("acme").frame, {"full_name": "Orla", "username": "sleeper", "email": "orla@home.example", "role": "administrator"}
        refused = [
            walk.windows["acme"].post(path, someone | {"frame": frame}).status_code for path in ("/settings/staff/new/", f"/settings/keys/{key.pk}/revoke/")
        ]
        assert refused == [403, 403]
        assert not User.objects.filter(username="sleeper").exists()
        key.refresh_from_db()
        assert key.revoked_at is None
        added: Any = walk.windows["acme"].post("/settings/switches/new/", {"name": "Leeds", "frame": frame})
        assert (added.status_code, added.url) == (302, "/settings/switches/")


def acts(anna: Customer) -> dict[str, tuple[str, dict[str, str]]]:
    """Everything that can be changed on a customer's own pages: address and what is posted, by the view's name."""
    person, line = str(Person.objects.get(customer=anna).pk), str(Line.objects.get(customer=anna).pk)
    someone = {"full_name": "Bea Holt", "username": "bea", "email": "bea@anna.example", "role": "account_user"}
    return {
        "customers:my-person-new": ("/my/people/new/", someone),
        "customers:my-person-edit": (f"/my/people/{person}/", someone | {"username": "ann", "full_name": "Ann Renamed", "role": "account_admin"}),
        "customers:my-person-resend": (f"/my/people/{person}/resend/", {}),
        "customers:my-person-deactivate": (f"/my/people/{person}/deactivate/", {}),
        "customers:my-person-activate": (f"/my/people/{person}/activate/", {}),
        "customers:my-person-end": (f"/my/people/{person}/sessions/end/", {}),
        "customers:my-line-new": ("/my/lines/new/", {"name": "1002"}),
        "customers:my-line-edit": (f"/my/lines/{line}/", {"description": "Front desk"}),
        "customers:my-line-remove": (f"/my/lines/{line}/remove/", {}),
        "invoicing:my-topups": ("/my/top-ups/", {"amount": "20.00"}),
    }


def changing() -> set[str]:
    """The views of a customer's own pages that take a form, but for what is shut while switched."""
    closed = {name for name, _pattern in shut(from_above=False)}
    found = set()
    for name, pattern in every_view():
        if getattr(getattr(pattern.callback, "access", None), "audience", "") == "people" and name not in closed and takes_forms(pattern.callback):
            found.add(name)
    return found


def test_every_act_on_a_customer_s_own_pages_is_in_the_list(anna: Customer) -> None:
    with schema_context("acme"):
        assert set(acts(anna)) == changing()


@pytest.mark.rel(70)
@pytest.mark.parametrize("home", ["owner", "acme"])
def test_every_act_names_the_real_person_and_the_customer(walk: Walk, anna: Customer, home: str) -> None:
    """Joan of Acme, or Orla of the owner by way of Acme, manages Anna: no entry of theirs hides either of the two."""
    if home == "owner":
        walk.go("owner", "acme")
    else:
        with schema_context("acme"):
            walk = walk_of("acme", user("joan", name="Joan Carey"))
    walk.post("acme", "/customers/switch/", {"account": anna.account_number})
    frame, who = walk.viewer("acme").frame, (walk.who.pk, walk.who.full_name, "" if home == "acme" else "owner")

    with schema_context("acme"):
        closed = {name for name, _pattern in shut(from_above=home == "owner")}
        for name, (path, data) in {name: act for name, act in acts(anna).items() if name not in closed}.items():
            before = set(AuditEntry.objects.values_list("pk", flat=True))
            answer = walk.windows["acme"].post(path, data | {"frame": frame})
            assert answer.status_code == 302, (name, answer.status_code)
            entries = AuditEntry.objects.exclude(pk__in=before)
            assert {(each.actor_id, each.actor_name, each.actor_schema) for each in entries} == {who}, name
            assert {(each.acted_for_id, each.acted_for_name) for each in entries} == {(anna.pk, "Anna Ltd")}, name
        assert TopUpRequest.objects.get().asked_by == walk.who.full_name


@pytest.mark.rel(70)
def test_money_moved_by_somebody_of_the_parent_names_them(walk: Walk, anna: Customer) -> None:
    walk.go("owner", "acme")
    with schema_context("acme"):
        answer = walk.windows["acme"].post(f"/customers/{anna.account_number}/payment/", {"amount": "5.00", "reference": "r", "key": str(uuid4())})
        assert answer.status_code == 302, answer.content.decode()
        moved = Transfer.objects.get()
        assert (moved.actor_id, moved.actor_name, moved.actor_schema, moved.amount) == (walk.who.pk, "Orla Byrne", "owner", Decimal("5.00"))
        payments.record(anna, amount=Decimal("1.00"), reference="", actor=jane, at=moved.posted_at, key="own")
        assert Transfer.objects.exclude(pk=moved.pk).get().actor_schema == ""
