"""People of a customer, on the staff's pages and on the customer's own."""

import re
import uuid
from datetime import datetime
from typing import Any

import pytest
from django.contrib.auth import authenticate
from django.db import connection
from django.utils import timezone

from billing_portal.accounts.actor import Actor
from billing_portal.accounts.domain import links, second_factors, users
from billing_portal.accounts.models import AuditEntry, User
from customers.domain import people
from customers.models import Customer, Line, Person
from tests.support import world
from tests.support.people import PASSWORD, START, client, mails, system, user
from tests.support.second_factors import add_app, is_signed_in

ANN = {"full_name": "Ann Miller", "email": "ann@anna.example", "role": "account_user"}


@pytest.fixture
def ann(anna: Customer) -> Person:
    return people.add(anna, full_name="Ann Miller", email="ann@anna.example", actor=system, at=START)


@pytest.fixture
def bobs(bob: Customer) -> Person:
    """Somebody of another customer."""
    return bob.people.get()


def staff(customer: Customer, rest: str = "") -> str:
    return f"/customers/{customer.account_number}/people/{rest}"


def test_the_page_shows_who_is_let_in_and_what_became_of_their_mail(commerce: Any, anna: Customer, ann: Person) -> None:
    User.objects.filter(pk=ann.user_id).update(last_login=START)

    rows = commerce.get(staff(anna)).context["rows"]

    assert [(str(row["user"]), str(row["login"].label), row["pill"]) for row in rows] == [
        ("Anna Ltd", "On its way", "now"),
        ("Ann Miller", "Activated", "good"),
    ]


@pytest.mark.parametrize("role", ["commerce", "support"])
def test_staff_add_somebody(request: pytest.FixtureRequest, anna: Customer, role: str) -> None:
    browser = request.getfixturevalue(role)

    assert browser.post(staff(anna, "new/"), ANN).url == staff(anna)
    assert anna.people.filter(user__email="ann@anna.example").count() == 1
    assert mails("login_details")[-1].recipients == ["ann@anna.example"]


def test_an_account_administrator_adds_somebody_of_their_own(annas: Any, anna: Customer) -> None:
    assert annas.post("/my/people/new/", ANN).url == "/my/people/"
    assert annas.get("/my/people/").context["rows"][1]["user"].email == "ann@anna.example"
    assert AuditEntry.objects.get(customer_id=anna.pk, action="user.created", subject_name="Ann Miller").actor_name == "Anna Ltd"


def test_a_username_somebody_has_is_an_error_of_its_field(commerce: Any, anna: Customer) -> None:
    answer = commerce.post(staff(anna, "new/"), ANN | {"username": "anna"})

    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == ["username"]


@pytest.mark.rel(74)
def test_an_email_of_another_customers_person_is_taken_as_any_and_takes_nothing_from_them(annas: Any, bob: Customer, bobs: Person, noon: datetime) -> None:
    """By adding somebody, by a username, by a change, by a link that was copied and used: the answers are those to an address that nobody has."""
    users.send_login_details(bobs.user, to=["bob@bob.example"], actor=system, at=noon)
    links.set_password(link_in(mails("login_details")[-1].text), PASSWORD, at=noon)
    added = annas.post("/my/people/new/", ANN | {"email": "BOB@bob.example"}, follow=True)
    refused = [annas.post("/my/people/new/", ANN | {"email": email, "username": email}) for email in ("bob@bob.example", "zed@zed.example")]
    thief = Person.objects.get(user__email="BOB@bob.example")
    changed = annas.post(f"/my/people/{thief.pk}/", {"full_name": "Thief", "email": "bob@bob.example", "role": "account_user"})
    copied = re.search(r"/password/([\w-]{43})/", annas.post(f"/my/people/{thief.pk}/link/").content.decode())
    assert copied is not None
    links.set_password(copied[1], "another kettle in the dale", at=timezone.now())

    assert "Login details emailed to BOB@bob.example." in added.content.decode()
    assert [list(answer.context["form"].errors.values()) for answer in refused] == [[["A username has no @: the email signs in by itself."]]] * 2
    assert changed.status_code == 302
    assert authenticate(username="bob@bob.example", password=PASSWORD) == bobs.user
    assert authenticate(username="bob@bob.example", password="another kettle in the dale") is None
    assert authenticate(username=thief.user.username, password="another kettle in the dale") == thief.user


def link_in(text: str) -> str:
    found = re.search(r"/password/([\w-]{43})/", text)
    assert found is not None
    return found[1]


@pytest.mark.rel(64)
def test_a_person_cannot_be_made_staff(annas: Any, commerce: Any, anna: Customer, ann: Person) -> None:
    for browser, address in ((annas, "/my/people/new/"), (commerce, staff(anna, "new/")), (annas, f"/my/people/{ann.pk}/")):
        assert browser.post(address, ANN | {"email": "x@x.example", "role": "administrator"}).status_code == 422
    assert not User.objects.filter(role="administrator").exists()


def test_an_edit_is_saved(commerce: Any, anna: Customer, ann: Person) -> None:
    assert commerce.post(staff(anna, f"{ann.pk}/"), {"full_name": "Ann M", "email": "ann@anna.example", "role": "account_admin"}).status_code == 302
    ann.user.refresh_from_db()
    assert (ann.user.full_name, ann.user.role) == ("Ann M", "account_admin")


def test_login_details_are_sent_again(support: Any, annas: Any, anna: Customer, ann: Person) -> None:
    before = len(mails("login_details"))
    support.post(staff(anna, f"{ann.pk}/resend/"))
    annas.post(f"/my/people/{ann.pk}/resend/")

    assert [mail.recipients for mail in mails("login_details")[before:]] == [["ann@anna.example"], ["ann@anna.example"]]


@pytest.mark.rel(75)
def test_each_of_a_company_mails_about_signing_in_ten_times_in_a_quarter_of_an_hour_and_all_of_them_twenty_and_staff_are_not_held_up(
    annas: Any, support: Any, anna: Customer, bob: Customer, ann: Person, settings: Any
) -> None:
    """Counted in the database; what was refused counts nothing, nobody uses it up for the others alone, and other companies send theirs."""
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
    User.objects.filter(pk=ann.user_id).update(role="account_admin")
    bea = people.add(anna, full_name="Bea", email="bea@anna.example", role="account_admin", actor=system, at=START)
    anns, before, own = client(ann.user), len(mails("login_details")), f"/my/people/{ann.pk}/"
    assert annas.post("/my/people/new/", ANN | {"username": "anna"}).status_code == 422
    added = [annas.post("/my/people/new/", ANN | {"email": f"{n}@stranger.example"}).status_code for n in range(3)]
    send(bea, 6, by=anna.people.get(is_primary=True))
    changed = [annas.post(own, ANN | {"email": f"ann@{n}.example", "role": "account_admin"}) for n in range(2)]
    send(bea, 9, by=ann)
    again = [anns.post(f"/my/people/{bea.pk}/resend/").status_code for _click in range(2)]
    company = client(bea.user).post(f"/my/people/{bea.pk}/resend/")

    assert (added, [answer.status_code for answer in changed], again) == ([302] * 3, [302, 422], [302, 422])
    said = "have caused ten mails about signing in within a quarter of an hour. Wait a little; a link can be copied all the while."
    assert (f"You {said}" in changed[1].content.decode(), 'value="ann@1.example"' in changed[1].content.decode()) == (True, True)
    assert (company.status_code, "Your company has caused twenty mails about signing in" in company.content.decode()) == (422, True)
    assert (len(mails("login_details")) - before, [mail.recipients for mail in mails("sign_in_changed")]) == (19, [["ann@anna.example"]])
    assert annas.post(f"{own}link/").status_code == 200
    assert support.post(staff(anna, f"{ann.pk}/resend/")).status_code == 302
    assert client(bob.people.get().user).post("/my/people/new/", ANN | {"email": "zed@bob.example"}).status_code == 302


def send(to: Person, times: int, *, by: Person) -> None:
    """Login details, sent by one of the company."""
    for _mail in range(times):
        people.send_login_details(to, actor=Actor.of(by.user), at=timezone.now())


def test_somebody_new_beyond_the_mails_of_a_quarter_of_an_hour_is_added_without_one_and_the_page_says_so(annas: Any, anna: Customer) -> None:
    admin = anna.people.get(is_primary=True)
    send(admin, 10, by=admin)
    before = len(mails("login_details"))
    page = annas.post("/my/people/new/", ANN, follow=True).content.decode()
    ann = Person.objects.get(user__email="ann@anna.example")

    said = "Ann Miller was added without a mail: too many about signing in were caused within a quarter of an hour. Copy the link and hand it over."
    assert (said in page, "Login details emailed to" in page, len(mails("login_details")) - before) == (True, False, 0)
    assert [(str(row["user"]), str(row["login"].label)) for row in annas.get("/my/people/").context["rows"]][1:] == [("Ann Miller", "Not sent")]
    assert link_in(annas.post(f"/my/people/{ann.pk}/link/").content.decode())


ADVERT = "Pay now at https://evil.example/pay"


def test_a_name_that_leads_somewhere_is_refused_at_its_field(annas: Any, commerce: Any, anna: Customer, ann: Person) -> None:
    """It would begin a mail of ours to whomever they like. One from before stays while something else is changed."""
    before = len(mails())
    for browser, page in ((annas, "/my/people/"), (commerce, staff(anna))):
        for rest in ("new/", f"{ann.pk}/"):
            answer = browser.post(f"{page}{rest}", ANN | {"full_name": ADVERT})
            assert (answer.status_code, answer.context["form"].errors) == (422, {"full_name": ["Write a name, without the address of a page."]})
    assert len(mails()) == before
    User.objects.filter(pk=ann.user_id).update(full_name=ADVERT)
    assert commerce.post(staff(anna, f"{ann.pk}/"), {"full_name": ADVERT, "email": "ann@anna.example", "role": "account_admin"}).status_code == 302
    assert User.objects.get(pk=ann.user_id).role == "account_admin"


def test_a_link_is_shown_once_and_written_down(commerce: Any, anna: Customer, ann: Person) -> None:
    page = commerce.post(staff(anna, f"{ann.pk}/link/")).content.decode()

    assert page.count("http://acme.localhost:8000/password/") >= 1
    assert "This link also ends when you get a new password, role or second factor, or end a browser of yours under Sessions." in page
    assert "http://acme.localhost:8000/password/" not in commerce.get(staff(anna)).content.decode()
    assert AuditEntry.objects.get(action="user.link_copied").actor_name == "Jane"


@pytest.mark.rel(78)
def test_ones_own_email_and_password_change_under_your_account_and_nowhere_else(annas: Any, anna: Customer, ann: Person) -> None:
    first = anna.people.get(is_primary=True)
    page, same = f"/my/people/{first.pk}/", {"full_name": "Anna", "email": "anna@anna.example", "role": "account_admin"}
    shown = annas.get(page).content.decode()
    assert ('<a href="/account/email/">Change it under Your account.</a>' in shown, "readonly" in shown) == (True, True)
    assert "readonly" not in annas.get(f"/my/people/{ann.pk}/").content.decode()

    refused = annas.post(page, same | {"email": "thief@evil.example"})
    assert (refused.status_code, list(refused.context["form"].errors)) == (422, ["email"])
    assert "Change your own email under Your account" in refused.content.decode()
    link = annas.post(f"{page}link/")
    assert (link.status_code, "Change your own password under Your account" in link.content.decode()) == (422, True)
    assert f"{page}link/" not in annas.get("/my/people/").content.decode()
    assert f"/my/people/{ann.pk}/link/" in annas.get("/my/people/").content.decode()
    assert annas.post(page, same).status_code == 302
    first.user.refresh_from_db()
    assert (first.user.full_name, first.user.email) == ("Anna", "anna@anna.example")
    assert not AuditEntry.objects.filter(action="user.link_copied").exists()


@pytest.mark.rel(71)
def test_while_switched_no_link_is_shown_and_no_email_changed(commerce: Any, anna: Customer, ann: Person) -> None:
    commerce.post("/customers/switch/", {"account": anna.account_number})
    frame = {"frame": f"{anna.pk} Anna Ltd"}

    assert commerce.post(f"/my/people/{ann.pk}/link/", frame).status_code == 403
    assert "email" not in commerce.get(f"/my/people/{ann.pk}/").context["form"].fields
    commerce.post(f"/my/people/{ann.pk}/", {"full_name": "Ann M", "email": "jane@acme.example", "role": "account_user"} | frame)
    ann.user.refresh_from_db()
    assert (ann.user.full_name, ann.user.email) == ("Ann M", "ann@anna.example")
    assert not AuditEntry.objects.filter(action="user.link_copied").exists()


def test_somebody_deactivated_is_out_at_once(commerce: Any, anna: Customer, ann: Person) -> None:
    hers: Any = client(ann.user)
    assert hers.get("/help/").wsgi_request.viewer.signed_in
    commerce.post(staff(anna, f"{ann.pk}/deactivate/"))
    assert not hers.get("/help/").wsgi_request.viewer.signed_in
    commerce.post(staff(anna, f"{ann.pk}/activate/"))
    assert User.objects.get(pk=ann.user_id).is_active


def test_reports_see_and_change_nothing(reports: Any, anna: Customer, ann: Person) -> None:
    page = reports.get(staff(anna))
    assert page.status_code == 200
    assert "New person" not in page.content.decode()
    for rest in ("new/", f"{ann.pk}/", f"{ann.pk}/resend/", f"{ann.pk}/link/", f"{ann.pk}/deactivate/", f"{ann.pk}/activate/"):
        assert reports.post(staff(anna, rest), ANN).status_code == 403
    assert reports.post(f"/customers/{anna.account_number}/lines/new/", {"name": "1001"}).status_code == 403


def test_the_page_shows_who_uses_which_lines(commerce: Any, anna: Customer, ann: Person) -> None:
    for name in ("1002", "1001"):
        Line.objects.create(customer=anna, name=name, person=ann)
    page = commerce.get(staff(anna))

    assert [[line.name for line in row["person"].lines.all()] for row in page.context["rows"]] == [[], ["1001", "1002"]]
    assert "1001, 1002" in page.content.decode()


def test_an_account_user_does_not_see_the_people(ann: Person) -> None:
    assert client(ann.user).get("/my/people/").status_code == 403


PEOPLE = ("", "resend/", "link/", "deactivate/", "activate/")


@pytest.mark.rel(62)
def test_the_people_pages_deny_other_customer(annas: Any, commerce: Any, anna: Customer, bob: Customer, bobs: Person) -> None:
    before = (User.objects.order_by("pk").values_list(), len(mails()))
    for rest in PEOPLE:
        assert annas.post(f"/my/people/{bobs.pk}/{rest}", ANN).status_code == 404
        assert annas.post(staff(bob, f"{bobs.pk}/{rest}"), ANN).status_code == 404
        assert commerce.post(staff(anna, f"{bobs.pk}/{rest}"), ANN).status_code == 404
    assert annas.get(staff(bob)).status_code == 404
    assert list(before[0]) == list(User.objects.order_by("pk").values_list())
    assert before[1] == len(mails())


@pytest.mark.rel(62)
def test_the_people_pages_deny_other_reseller(commerce: Any, anna: Customer, globex: Any) -> None:
    theirs = world.customer("Theirs")
    person = people.add(theirs, full_name="Gus", email="gus@globex.example", actor=system, at=START)

    assert commerce.get(staff(theirs)).status_code == 404
    for rest in PEOPLE:
        assert commerce.post(staff(theirs, f"{person.pk}/{rest}"), ANN).status_code == 404
        assert commerce.post(staff(anna, f"{person.pk}/{rest}"), ANN).status_code == 404
    connection.set_schema("globex")
    assert User.objects.get(pk=person.user_id).is_active


def test_nobody_has_a_page_that_is_not_there(commerce: Any, anna: Customer) -> None:
    assert commerce.post(staff(anna, f"{uuid.uuid4()}/resend/")).status_code == 404
    assert commerce.get("/customers/999999/people/").status_code == 404


@pytest.mark.parametrize("who", ["commerce", "annas"])
def test_a_lost_second_factor_is_reset_by_who_may_change_customers_and_by_the_companys_own_administrator(
    request: pytest.FixtureRequest, anna: Customer, ann: Person, who: str
) -> None:
    add_app(ann.user)
    browser, base = request.getfixturevalue(who), staff(anna) if who == "commerce" else "/my/people/"
    assert "Reset second factor" in browser.get(base).content.decode()

    assert browser.post(f"{base}{ann.pk}/second-factor/reset/").url == base
    assert not second_factors.of(ann.user).any
    assert AuditEntry.objects.get(action="user.second_factor_reset").customer_id == anna.pk
    assert mails("sign_in_changed")[-1].recipients == ["ann@anna.example"]


@pytest.mark.parametrize("role", ["support", "reports"])
def test_others_do_not_reset_a_second_factor(request: pytest.FixtureRequest, anna: Customer, ann: Person, role: str) -> None:
    add_app(ann.user)
    browser = request.getfixturevalue(role)

    assert browser.post(staff(anna, f"{ann.pk}/second-factor/reset/")).status_code == 403
    assert "Reset second factor" not in browser.get(staff(anna)).content.decode()
    assert second_factors.of(ann.user).any


@pytest.mark.rel(71)
def test_while_switched_no_second_factor_is_reset(commerce: Any, anna: Customer, ann: Person) -> None:
    add_app(ann.user)
    commerce.post("/customers/switch/", {"account": anna.account_number})

    assert "Reset second factor" not in commerce.get("/my/people/").content.decode()
    assert commerce.post(f"/my/people/{ann.pk}/second-factor/reset/", {"frame": f"{anna.pk} {anna.name}"}).status_code == 403
    assert second_factors.of(ann.user).any


@pytest.mark.rel(62)
def test_the_second_factor_and_the_sessions_of_another_customers_people_are_out_of_reach(annas: Any, bobs: Person) -> None:
    add_app(bobs.user)
    theirs = client(bobs.user)

    assert {annas.post(f"/my/people/{bobs.pk}/{what}/").status_code for what in ("second-factor/reset", "sessions/end")} == {404}
    assert second_factors.of(bobs.user).any
    assert is_signed_in(theirs)


@pytest.mark.rel(78)
@pytest.mark.parametrize("who", ["support", "annas"])
def test_somebody_is_signed_out_everywhere_by_who_may(request: pytest.FixtureRequest, anna: Customer, ann: Person, who: str) -> None:
    theirs = client(ann.user)
    browser, base = request.getfixturevalue(who), staff(anna) if who == "support" else "/my/people/"

    assert browser.post(f"{base}{ann.pk}/sessions/end/").url == base
    assert not is_signed_in(theirs)
    assert browser.get(base).status_code == 200


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/customers/new/", "billing_email"),
        ("/customers/{number}/edit/", "billing_email"),
        ("/customers/{number}/people/new/", "email"),
        ("/customers/{number}/people/{ann}/", "email"),
        ("/settings/staff/new/", "email"),
        ("/settings/company/", "support_email"),
        ("/platform/resellers/new/", "admin_email"),
    ],
)
def test_an_email_address_that_is_too_long_is_refused_at_its_field(acme: Any, anna: Customer, ann: Person, path: str, field: str) -> None:
    admin = client(user("adam"))
    address = path.format(number=anna.account_number, ann=ann.pk)
    form = admin.get(address).context["form"]
    given = {name: form[name].value() for name in form.fields if form[name].value() not in (None, False)}
    longest = f"{'a' * 64}@{'.'.join(['d' * 60] * 3)}.example"  # 255 letters

    answer = admin.post(address, given | {field: longest})
    assert answer.status_code == 422
    assert answer.context["form"].errors[field] == ["Ensure this value has at most 254 characters (it has 255)."]
    accepted = admin.post(address, given | {field: longest[1:]})
    assert accepted.status_code == 302 or field not in accepted.context["form"].errors
