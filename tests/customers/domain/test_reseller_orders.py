"""A reseller is ordered by its parent and made by the provisioning worker; what fails in the middle is finished by trying again (semantics 23)."""

import os
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django_tenants.utils import schema_context

from billing_portal.accounts.models import AuditEntry, Role, Switch, User
from billing_portal.jobs.models import Job, Progress
from billing_portal.kernel.errors import DomainError
from billing_portal.mail.models import MailLog
from billing_portal.tenancy.domain import names, schemas
from billing_portal.tenancy.models import Domain, Reseller
from customers.domain import host_names, reseller_orders, resellers
from customers.models import Customer
from rateplans.models import BillingTerms, RatePlan
from tests.support import world
from tests.support.people import START, client, system, user
from tests.support.waiting import until
from tests.support.workers import worker

FIELDS = {
    "name": "Northwind Voice",
    "short_name": "northwind",
    "admin_email": "nora@northwind.example",
    "currency": "EUR",
    "time_zone": "Europe/Berlin",
    "credit_unlimited": "on",
}


def order(window: Any, **changes: str) -> Any:
    return window.post("/platform/resellers/new/", FIELDS | changes)


def errors(answer: Any) -> dict[str, list[str]]:
    assert answer.status_code == 422
    return {field: list(said) for field, said in answer.context["form"].errors.items()}


@pytest.fixture
def jane(acme: Any) -> Any:
    return client(user("jane"))


def test_short_name_and_host_follow_from_the_name(jane: Any) -> None:
    answer = order(jane, short_name="")

    job = Job.objects.get(kind="resellers.make")
    assert answer.status_code == 302
    assert (job.payload["short_name"], job.payload["host"]) == ("northwindvoice", "northwindvoice.acme.localhost")


@pytest.mark.parametrize("name", ["\ufdfa" * 12, "İ" * 120])
def test_a_name_that_is_too_long_to_compare_is_refused_before_anything_is_made(jane: Any, name: str) -> None:
    assert list(errors(order(jane, name=name))) == ["name"]
    assert not Job.objects.filter(kind="resellers.make").exists()
    assert not Reseller.objects.filter(schema_name="northwind").exists()


def test_every_clash_is_said_at_its_field_at_once_and_nothing_is_ordered(jane: Any) -> None:
    names.take("Anna Ltd", customer_id=world.customer("Anna Ltd").pk)

    said = errors(order(jane, name="anna ltd", short_name="globex", host="acme.localhost"))

    assert said == {
        "short_name": ["There is a reseller “globex” already."],
        "name": ["“anna ltd” is taken. Names are unique across the platform."],
        "host": ["The host acme.localhost belongs to another reseller."],
    }
    assert not Job.objects.filter(kind="resellers.make").exists()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"host": "acme.localhost"}, "host"),
        ({"host": "north wind"}, "host"),
        ({"short_name": "north-wind"}, "short_name"),
        ({"short_name": "public"}, "short_name"),
    ],
)
def test_what_makes_no_sense_is_refused(jane: Any, changes: dict[str, str], field: str) -> None:
    assert list(errors(order(jane, **changes))) == [field]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": "日本", "short_name": ""}, "Write a short name: “日本” has no Latin letters that one could be made of."),
        ({"name": "2020", "short_name": ""}, "Write a short name: “2020” has no Latin letters that one could be made of."),
        ({"short_name": "public"}, "“public” is reserved: choose another short name."),
        ({"name": "Static", "short_name": ""}, "“static” is reserved: choose another short name."),
        ({"short_name": "7up"}, "A short name is 2 to 41 letters and figures, in lower case, and begins with a letter."),
    ],
)
def test_why_a_short_name_will_not_do_is_said_at_it(jane: Any, changes: dict[str, str], said: str) -> None:
    assert errors(order(jane, **changes)) == {"short_name": [said]}


def below(parent: str, host: str) -> Reseller:
    """Another reseller, registered with its host."""
    name = f"r{Reseller.objects.count()}"
    with schema_context("public"):
        return schemas.register(name=name, schema_name=name, host=host, parent=named(parent), currency="GBP", time_zone="UTC")


def named(schema: str) -> Reseller:
    return Reseller.objects.get(schema_name=schema)


@pytest.mark.rel(56)
@pytest.mark.parametrize(
    "host", ["secure1.localhost", "northwind.localhost", "x.globex.localhost", "x.north.example", "x.south.example", "example", "x.below.acme.localhost"]
)
def test_a_reseller_cannot_give_a_host_under_somebody_elses_or_over_it(jane: Any, host: str) -> None:
    below("acme", "north.example")
    below("globex", "south.example")
    below("acme", "below.acme.localhost")

    assert errors(order(jane, host=host)) == {"host": ["Choose a host that ends in .acme.localhost, or a domain of your own."]}
    assert not Job.objects.filter(kind="resellers.make").exists()


@pytest.mark.rel(56)
@pytest.mark.parametrize("host", ["northwind.acme.localhost", "uk.northwind.acme.localhost", "www.acme.localhost", "portal.north.example", "evilacme.example"])
def test_a_reseller_can_give_a_host_under_its_own_or_a_domain_of_ones_own(jane: Any, host: str) -> None:
    assert order(jane, host=host).status_code == 302
    assert Job.objects.get(kind="resellers.make").payload["host"] == host


@pytest.mark.rel(56)
@pytest.mark.parametrize("host", ["billing.globex.example", "portal2.globex.co.uk", "x.y.globex.co.uk", "mail.operator.example", "co.uk", "com", "intranet"])
def test_nor_beside_one_of_somebody_elses_nor_a_suffix_that_everybody_shares(jane: Any, host: str) -> None:
    below("globex", "portal.globex.co.uk")
    Domain.objects.create(domain="portal.globex.example", tenant=named("globex"), is_primary=False)
    Domain.objects.create(domain="portal.operator.example", tenant=named("owner"), is_primary=False)

    assert errors(order(jane, host=host)) == {"host": ["Choose a host that ends in .acme.localhost, or a domain of your own."]}
    assert not Job.objects.filter(kind="resellers.make").exists()


@pytest.mark.rel(56)
@pytest.mark.parametrize("host", ["uk.shop.example", "other.acme.example", "north.co.uk", "south.github.io"])
def test_a_domain_that_holds_hosts_of_ones_own_and_of_those_one_ordered_is_ones_own(jane: Any, host: str) -> None:
    below("acme", "de.shop.example")
    below("globex", "globex.co.uk")
    below("globex", "globex.github.io")
    Domain.objects.create(domain="portal.acme.example", tenant=named("acme"), is_primary=False)

    assert order(jane, host=host).status_code == 302


@pytest.mark.rel(56)
def test_a_reseller_keeps_its_domain_whoever_below_is_given_a_host_in_it(jane: Any) -> None:
    """Whoever is not below it does not get in."""
    child = below("acme", "north.acme-tel.example")
    grandchild = below(child.schema_name, "a.north.acme-tel.example")
    below(grandchild.schema_name, "b.a.north.acme-tel.example")

    host_names.check_place("south.acme-tel.example", named("acme"))
    for stranger in (grandchild, named("globex")):
        with pytest.raises(DomainError, match="host_not_yours"):
            host_names.check_place("south.acme-tel.example", stranger)


def ordered_before(host: str) -> Any:
    """The job of an order from before hosts were bounded."""
    order: dict[str, Any] = {"name": "Northwind Voice", "short_name": "northwind", "currency": "EUR", "time_zone": "UTC", "admin_email": "nora@north.example"}
    reseller_orders.place(resellers.NewReseller(**order, host=host, parent=named("acme"), plan=None), actor=system)
    return Job.objects.get(kind="resellers.make")


@pytest.mark.rel(56)
@pytest.mark.parametrize("host", ["secure1.localhost", "billing.initech.example", "WWW.Initech.example."])
def test_an_order_of_before_hosts_were_bounded_fails_in_words_whenever_it_is_worked(jane: Any, host: str) -> None:
    Domain.objects.create(domain="portal.initech.example", tenant=named("globex"), is_primary=False)
    job = ordered_before(host)
    url = f"/platform/resellers/orders/{job.payload['progress']}/"

    for _again in range(2):
        with pytest.raises(DomainError, match="host_not_yours"):
            reseller_orders.work(job.payload, at=START)
        Job.objects.update(state=Job.State.DEAD, attempts=5)

        page = jane.get(url).content.decode()
        assert "Choose a host that ends in .acme.localhost, or a domain of your own." in page
        assert not Reseller.objects.filter(schema_name="northwind").exists()
        jane.post(f"{url}again/")
        assert Job.objects.get(pk=job.pk).state == Job.State.PENDING


def test_one_whose_host_is_there_already_goes_on_whoever_has_hosts_under_it_since(jane: Any) -> None:
    """It is its name that has become another's here."""
    job = ordered_before("north.example")
    with schema_context("public"):
        made = schemas.register(name="Northwind Voice", schema_name="northwind", host="north.example", parent=named("acme"), currency="EUR", time_zone="UTC")
    Domain.objects.create(domain="uk.north.example", tenant=named("globex"), is_primary=False)
    names.take("Northwind Voice", customer_id=world.customer("Anna Ltd").pk)

    with pytest.raises(DomainError, match="name_taken"):
        reseller_orders.work(job.payload, at=START)
    assert made.domains.get().domain == "north.example"


@pytest.mark.rel(56)
@pytest.mark.parametrize("host", ["www.localhost", "MAIL.localhost.", "api.localhost", "admin.localhost"])
def test_nobody_is_given_a_host_that_looks_like_the_platforms_own(owner: Any, host: str) -> None:
    label = host.partition(".")[0].lower()

    assert errors(order(client(user("orla")), host=host)) == {"host": [f"“{label}” is reserved: choose another host."]}


def test_the_root_gives_any_other_host_that_is_free(owner: Any) -> None:
    window = client(user("orla"))

    order(window)
    order(window, name="South", short_name="south", host="south.globex.localhost")
    assert [job.payload["host"] for job in Job.objects.filter(kind="resellers.make").order_by("created_at")] == [
        "northwind.localhost",
        "south.globex.localhost",
    ]


def test_a_missing_limit_hides_no_other_fault(jane: Any) -> None:
    assert set(errors(order(jane, name="日本", short_name="", credit_unlimited=""))) == {"short_name", "credit_limit"}
    assert set(errors(order(jane, short_name="globex", credit_unlimited=""))) == {"short_name", "credit_limit"}


def test_a_name_in_other_letters_is_fine_with_a_short_name_in_latin_ones(jane: Any) -> None:
    order(jane, name="日本", short_name="nihon")

    assert [(job.payload["name"], job.payload["host"]) for job in Job.objects.filter(kind="resellers.make")] == [("日本", "nihon.acme.localhost")]


def test_it_has_unlimited_credit_unless_a_limit_is_chosen(jane: Any) -> None:
    page = jane.get("/platform/resellers/new/").content.decode()
    ticked = re.search(r'<input[^>]*name="credit_unlimited"[^>]*>', page)
    assert ticked is not None
    assert " checked" in ticked[0]

    order(jane)
    order(jane, name="Southwind", short_name="southwind", credit_unlimited="", credit_limit="250.50")
    assert [(job.payload["credit_unlimited"], job.payload["credit_limit"]) for job in Job.objects.filter(kind="resellers.make").order_by("created_at")] == [
        (True, "0"),
        (False, "250.50"),
    ]


@pytest.mark.parametrize(
    ("limit", "said"),
    [
        ("", "Write a limit, or tick “Unlimited credit”."),
        ("-1", "Ensure this value is greater than or equal to 0."),
        ("a lot", "Write an amount such as 50.00."),
    ],
)
def test_without_unlimited_credit_a_limit_is_needed(jane: Any, limit: str, said: str) -> None:
    assert errors(order(jane, credit_unlimited="", credit_limit=limit)) == {"credit_limit": [said]}
    assert not Job.objects.filter(kind="resellers.make").exists()


def test_one_that_is_being_made_is_not_ordered_twice(jane: Any) -> None:
    order(jane)

    assert set(errors(order(jane))) == {"short_name", "host"}
    assert Job.objects.filter(kind="resellers.make").count() == 1


@pytest.mark.parametrize("role", ["commerce", "support", "reports"])
def test_only_administrators_make_resellers(acme: Any, role: str) -> None:
    window = client(user("tess", Role(role)))

    assert window.get("/platform/resellers/").status_code == 403
    assert order(window).status_code == 403
    assert not Job.objects.filter(kind="resellers.make").exists()


def test_a_failure_is_shown_and_tried_again(jane: Any) -> None:
    """The role of the web may make no schema, as if the worker were started wrongly: the page says so, and trying again is one click."""
    url = order(jane).url
    job = Job.objects.get(kind="resellers.make")
    progress = Progress.objects.get()
    progress.state, progress.note = Progress.State.FAILED, "The name was taken meanwhile."
    progress.save()
    Job.objects.update(state=Job.State.DEAD, attempts=5)

    page = jane.get(url).content.decode()
    assert "The name was taken meanwhile." in page
    assert "hx-get" not in page.split('id="progress"')[1].split(">")[0]
    assert jane.post(f"{url}again/").status_code == 302
    job.refresh_from_db()
    progress.refresh_from_db()
    assert (job.state, job.attempts, progress.state, progress.note) == ("pending", 0, "waiting", "")
    assert "hx-get" in jane.get(url).content.decode().split('id="progress"')[1].split(">")[0]


def test_one_whose_worker_was_killed_every_time_can_be_tried_again(jane: Any) -> None:
    """Nobody was left to say so in its progress: the page does not wait for ever."""
    url = order(jane).url
    Progress.objects.update(state=Progress.State.RUNNING, done=1)
    Job.objects.update(state=Job.State.DEAD, attempts=5)

    page = jane.get(url).content.decode()
    assert "Not finished" in page
    assert "Its worker was stopped again and again." in page
    assert "Northwind Voice" in jane.get("/platform/resellers/").content.decode()
    assert jane.post(f"{url}again/").status_code == 302
    assert "Being made" in jane.get(url).content.decode()


@pytest.mark.rel(70)
@pytest.mark.django_db(transaction=True)
def test_the_worker_makes_it_and_goes_on_where_it_stopped(acme: Any, tmp_path: Path) -> None:
    world.plan("Wholesale", "EUR")
    orderer = user("jane")
    window = client(orderer)
    plan = RatePlan.objects.get(name="Wholesale")
    url = order(window, plan=str(plan.pk), credit_unlimited="", credit_limit="250.50").url

    with worker(tmp_path, queues="provisioning", role="owner", environment=os.environ):
        _wait_until(window, url, "Made")
        row = Customer.objects.get(reseller_schema="northwind")
        assert (row.name, row.kind, row.currency, row.time_zone, row.plan_assignments.get().plan) == (
            "Northwind Voice",
            "reseller",
            "EUR",
            "Europe/Berlin",
            plan,
        )
        assert (row.billing_type, row.credit_unlimited, row.credit_limit) == ("postpaid", False, Decimal("250.50"))
        assert (row.standing.credit_unlimited, row.standing.credit_limit) == (False, Decimal("250.50"))
        assert Domain.objects.get(domain="northwind.acme.localhost").tenant.parent.schema_name == "acme"
        with schema_context("northwind"):
            admin = User.objects.get()
            assert (admin.username, admin.role) == ("nora", Role.ADMINISTRATOR)
            assert [mail.recipients for mail in MailLog.objects.all()] == [["nora@northwind.example"]]
            assert (BillingTerms.objects.count(), Switch.objects.get().name) == (1, "default")
            own = RatePlan.objects.get()
            assert (own.name, own.inherits, own.currency) == ("Your own rate plan", "own_plan", "EUR")
            trail = AuditEntry.objects.order_by("action").values_list("action", "actor_id", "actor_name", "actor_schema")
            assert list(trail) == [(action, orderer.pk, "Jane", "acme") for action in ("plan.created", "user.created", "user.login_details_sent")]

        _break_in_the_middle(window, url)
        _wait_until(window, url, "Made")
    assert Customer.objects.filter(reseller_schema="northwind").count() == 1
    with schema_context("northwind"):
        assert User.objects.get().username == "nora"
    listed = window.get("/platform/resellers/").content.decode()
    assert re.search(r"Northwind Voice.*northwind\.acme\.localhost.*EUR", listed, re.DOTALL)


def _wait_until(window: Any, url: str, words: str) -> None:
    def how_far() -> str:
        return str(window.get(url).content.decode().split('id="how-far"')[1].split("</h2>")[0])

    until(lambda: words in how_far(), pause=0.3, seconds=90, what=f"it never came to say {words}")


def _break_in_the_middle(window: Any, url: str) -> None:
    """As if the last step had failed: the schema and the customer are there, the administrator is not; and credit had not been asked for yet."""
    with schema_context("northwind"):
        User.objects.all().delete()
    job = Job.objects.get(kind="resellers.make")
    job.payload = {name: value for name, value in job.payload.items() if not name.startswith("credit_")}
    job.state = Job.State.DEAD
    job.save(update_fields=["payload", "state"])
    Progress.objects.update(state=Progress.State.FAILED, done=2, note="The mail server was out.")
    page = window.get(url).content.decode()
    assert "Not finished" in page
    assert "2 of 3 steps" in page
    window.post(f"{url}again/")


def test_the_order_carries_who_asked_for_it(jane: Any) -> None:
    order(jane)

    payload = Job.objects.get(kind="resellers.make").payload
    nobody: dict[str, Any] = {"acted_for_id": None, "acted_for_name": ""}
    assert payload["actor"] == {"name": "Jane", "via": "web", "user_id": str(User.objects.get(username="jane").pk), "schema": "", **nobody}
    assert not Reseller.objects.filter(schema_name="northwind").exists()
    assert "Northwind Voice is being made" in jane.get("/platform/resellers/").content.decode()
