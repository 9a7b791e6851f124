from typing import Any

import pytest
from django.db import connection

from billing_portal.accounts.domain import second_factors
from billing_portal.accounts.models import AuditEntry, LoginLink, Role, User
from tests.support.people import client, mails, user
from tests.support.second_factors import add_app, at_the_door, is_signed_in

NEW = {"full_name": "Ann Lee", "username": "ann", "email": "ann@example.com", "role": "support"}


def test_a_new_member_of_staff_gets_login_details(acme: Any) -> None:
    browser = client(user("jane"))

    assert browser.post("/settings/staff/new/", NEW).headers["Location"] == "/settings/staff/"
    [mail] = mails("login_details")
    assert (mail.recipients, User.objects.get(username="ann").role) == (["ann@example.com"], Role.SUPPORT)
    page = browser.get("/settings/staff/").content.decode()
    assert "Ann Lee" in page
    assert "On its way" in page


def test_a_taken_username_saves_nothing_and_keeps_what_was_written(acme: Any) -> None:
    answer = client(user("jane")).post("/settings/staff/new/", {**NEW, "username": "JANE"})

    assert answer.status_code == 422
    assert "“JANE” is taken" in answer.content.decode()
    assert 'value="Ann Lee"' in answer.content.decode()
    assert (User.objects.count(), mails()) == (1, [])


@pytest.mark.rel(69)
@pytest.mark.parametrize("role", ["account_admin", "owner", ""])
def test_only_staff_roles_can_be_given_here(acme: Any, role: str) -> None:
    assert client(user("jane")).post("/settings/staff/new/", {**NEW, "role": role}).status_code == 422


def test_the_role_changes_on_the_persons_page(acme: Any) -> None:
    ann = user("ann", Role.SUPPORT)
    browser = client(user("jane"))

    assert browser.get(f"/settings/staff/{ann.pk}/").status_code == 200
    assert browser.post(f"/settings/staff/{ann.pk}/", {"role": "commerce"}).status_code == 302
    ann.refresh_from_db()
    assert ann.role == Role.COMMERCE


def test_the_last_administrator_is_told_why_not(acme: Any) -> None:
    jane = user("jane")
    answer = client(jane).post(f"/settings/staff/{jane.pk}/", {"role": "support"})

    assert answer.status_code == 422
    assert "last active administrator" in answer.content.decode()


def test_deactivating_and_activating(acme: Any) -> None:
    ann = user("ann", Role.SUPPORT)
    browser, anns = client(user("jane")), client(ann)
    browser.post(f"/settings/staff/{ann.pk}/deactivate/")
    gone = anns.get("/account/password/").status_code
    browser.post(f"/settings/staff/{ann.pk}/activate/")

    assert gone == 302
    assert User.objects.get(pk=ann.pk).is_active


def test_nobody_deactivates_themselves_here(acme: Any) -> None:
    jane = user("jane")
    user("joe")
    browser = client(jane)

    assert "Deactivate" not in browser.get(f"/settings/staff/{jane.pk}/").content.decode()
    assert browser.post(f"/settings/staff/{jane.pk}/deactivate/").status_code == 422
    assert User.objects.get(pk=jane.pk).is_active


def test_resend_and_copy_link_are_written_down(acme: Any) -> None:
    ann = user("ann", Role.SUPPORT, password=None)
    browser = client(user("jane"))
    browser.post(f"/settings/staff/{ann.pk}/resend/")
    copied = browser.post(f"/settings/staff/{ann.pk}/link/").content.decode()

    assert "http://acme.localhost" in copied
    assert "This link also ends when you get a new password, role or second factor, or end a browser of yours under Sessions." in copied
    assert len(mails("login_details")) == 1
    assert set(AuditEntry.objects.filter(actor_name="Jane").values_list("action", flat=True)) == {"user.login_details_sent", "user.link_copied"}


@pytest.mark.rel(78)
def test_nobody_is_shown_a_link_to_their_own_password(acme: Any) -> None:
    jane, ann = user("jane"), user("ann", Role.SUPPORT)
    browser = client(jane)
    answer = browser.post(f"/settings/staff/{jane.pk}/link/")

    assert (answer.status_code, "Change your own password under Your account" in answer.content.decode()) == (422, True)
    assert not LoginLink.objects.exists()
    shown = [f"/settings/staff/{who.pk}/link/" in browser.get(f"/settings/staff/{who.pk}/").content.decode() for who in (jane, ann)]
    assert shown == [False, True]


def test_people_of_customers_are_no_staff(acme: Any) -> None:
    bob = user("bob", Role.ACCOUNT_ADMIN)
    browser = client(user("jane"))

    assert "Bob" not in browser.get("/settings/staff/").content.decode()
    assert browser.get(f"/settings/staff/{bob.pk}/").status_code == 404


@pytest.mark.rel(53)
def test_staff_denies_other_reseller(acme: Any, globex: Any) -> None:
    theirs = user("gus")
    connection.set_tenant(acme)

    assert client(user("jane")).get(f"/settings/staff/{theirs.pk}/").status_code == 404


def test_a_name_with_markup_is_shown_as_text(acme: Any) -> None:
    user("ann", Role.SUPPORT, name="<b onclick=alert(1)>Ann</b>")
    page = client(user("jane")).get("/settings/staff/").content.decode()

    assert "<b onclick" not in page
    assert "&lt;b onclick=alert(1)&gt;Ann&lt;/b&gt;" in page


def test_the_list_asks_the_database_the_same_for_one_and_for_three(acme: Any, django_assert_max_num_queries: Any) -> None:
    browser = client(user("jane"))
    browser.get("/settings/staff/")
    user("ann", Role.SUPPORT)
    with django_assert_max_num_queries(20) as two:
        browser.get("/settings/staff/")
    user("bob", Role.SUPPORT)
    user("eve", Role.REPORTS)
    with django_assert_max_num_queries(len(two)):
        browser.get("/settings/staff/")


def test_an_administrator_resets_a_second_factor_and_the_person_is_signed_out_and_told(acme: Any) -> None:
    ann = user("ann", Role.SUPPORT)
    [code, *_others] = add_app(ann)
    anns, browser = at_the_door(ann, code=code), client(user("jane"))
    assert "Authenticator app" in browser.get(f"/settings/staff/{ann.pk}/").content.decode()

    assert browser.post(f"/settings/staff/{ann.pk}/second-factor/reset/").status_code == 302
    assert not is_signed_in(anns)
    assert not second_factors.of(ann).any
    assert mails("sign_in_changed")[-1].subject == "Your second factor was reset: Acme"
    assert AuditEntry.objects.filter(action="user.second_factor_reset", actor_name="Jane", subject_id=ann.pk).count() == 1
    assert "Reset second factor" not in browser.get(f"/settings/staff/{ann.pk}/").content.decode()


@pytest.mark.rel(78)
def test_an_administrator_ends_the_sessions_of_a_colleague_and_of_their_own_all_others(acme: Any) -> None:
    ann, jane = user("ann", Role.SUPPORT), user("jane")
    anns, here, elsewhere = at_the_door(ann), at_the_door(jane), at_the_door(jane)
    here.post(f"/settings/staff/{ann.pk}/sessions/end/")
    here.post(f"/settings/staff/{jane.pk}/sessions/end/")

    assert [is_signed_in(browser) for browser in (anns, here, elsewhere)] == [False, True, False]
    assert list(AuditEntry.objects.filter(action="user.sessions_ended").values_list("subject_name", flat=True)) == ["Ann", "Jane"]


@pytest.mark.parametrize("role", [Role.COMMERCE, Role.SUPPORT, Role.REPORTS, Role.ACCOUNT_ADMIN])
def test_nobody_else_resets_or_ends_anything_of_staff(acme: Any, role: Role) -> None:
    ann = user("ann", Role.SUPPORT)
    add_app(ann)
    anns, browser = client(ann), client(user("other", role))
    answers = {browser.post(f"/settings/staff/{ann.pk}/{what}/").status_code for what in ("second-factor/reset", "sessions/end")}

    assert answers == {404 if role == Role.ACCOUNT_ADMIN else 403}
    assert second_factors.of(ann).any
    assert is_signed_in(anns)
