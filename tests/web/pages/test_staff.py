from typing import Any

import pytest
from django.db import connection

from billing_portal.accounts.models import AuditEntry, Role, User
from tests.support.people import client, mails, user

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
    assert len(mails("login_details")) == 1
    assert set(AuditEntry.objects.filter(actor_name="Jane").values_list("action", flat=True)) == {"user.login_details_sent", "user.link_copied"}


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
