"""Who looks, and whose pages they are."""

from typing import Any

from billing_portal.accounts.models import Role
from customers.models import Customer, Person
from tests.support.people import client, user


def viewer(browser: Any) -> Any:
    return browser.get("/help/").wsgi_request.viewer


def test_nobody_signed_in(acme: Any) -> None:
    nobody = viewer(client())
    assert (nobody.signed_in, nobody.role, nobody.party) == (False, None, None)


def test_staff_see_their_own_zone_or_the_resellers(commerce: Any) -> None:
    jane = viewer(commerce)
    assert (jane.role, jane.party, jane.acting, jane.zone) == ("commerce", None, False, "Europe/London")

    jane.user.time_zone = "Asia/Tokyo"
    jane.user.save()
    assert viewer(commerce).zone == "Asia/Tokyo"


def test_a_person_sees_their_own_customer_in_its_zone(annas: Any, anna: Customer) -> None:
    Customer.objects.update(time_zone="America/Lima")

    ann = viewer(annas)
    assert (ann.role, ann.party.id, ann.party.name, ann.party.currency, ann.zone, ann.acting) == (
        "account_admin",
        anna.pk,
        "Anna Ltd",
        "GBP",
        "America/Lima",
        False,
    )
    assert (ann.actor.name, ann.actor.acted_for_id) == ("Anna Ltd", None)


def test_a_person_sees_the_zone_they_chose_and_staff_switched_in_the_customers(annas: Any, commerce: Any, anna: Customer) -> None:
    annas.post("/account/", {"time_zone": "Asia/Tokyo"})
    commerce.post("/account/", {"time_zone": "Asia/Seoul"})
    assert [viewer(annas).zone, viewer(commerce).zone] == ["Asia/Tokyo", "Asia/Seoul"]

    commerce.post("/customers/switch/", {"account": anna.account_number})
    assert viewer(commerce).zone == "Europe/London"


def test_staff_switched_keep_their_role_and_see_the_customers_pages(support: Any, anna: Customer) -> None:
    support.post("/customers/switch/", {"account": anna.account_number})

    sam = viewer(support)
    assert (sam.role, sam.party.id, sam.acting, sam.acted_for, sam.actor.name) == ("support", anna.pk, True, "Anna Ltd", "Sam")


def test_somebody_of_no_customer_sees_nothing(acme: Any) -> None:
    lost = client(user("lost", Role.ACCOUNT_ADMIN))

    assert not Person.objects.exists()
    assert lost.get("/my/people/").status_code == 404
    assert lost.get("/customers/").status_code == 404
