"""Who may open the platform's own pages: each page, each role, and nobody."""

from typing import Any

import pytest

from billing_portal.accounts.models import Role
from tests.support.people import client, user

ADMINISTRATOR_ONLY = [
    "/settings/company/",
    "/settings/staff/",
    "/settings/staff/new/",
    "/settings/switches/",
    "/settings/switches/new/",
    "/platform/audit/",
    "/platform/jobs/",
]
MAILS = "/platform/mails/"
EXPECTED = {
    Role.ADMINISTRATOR: (200, 200),
    Role.COMMERCE: (403, 200),
    Role.SUPPORT: (403, 200),
    Role.REPORTS: (403, 403),
    Role.ACCOUNT_ADMIN: (404, 404),
    Role.ACCOUNT_USER: (404, 404),
}


@pytest.mark.parametrize("role", Role)
def test_each_page_is_open_to_the_roles_of_the_matrix(acme: Any, role: Role) -> None:
    settings, mails = EXPECTED[role]
    browser = client(user("somebody", role))

    assert {path: browser.get(path).status_code for path in ADMINISTRATOR_ONLY} == dict.fromkeys(ADMINISTRATOR_ONLY, settings)
    assert browser.get(MAILS).status_code == mails


def test_nobody_is_sent_to_sign_in_and_back(acme: Any) -> None:
    browser = client()

    assert {browser.get(path).headers["Location"] for path in [*ADMINISTRATOR_ONLY, MAILS]} == {
        f"/sign-in/?next={path}" for path in [*ADMINISTRATOR_ONLY, MAILS]
    }


@pytest.mark.parametrize("role", [Role.SUPPORT, Role.ACCOUNT_ADMIN])
def test_others_change_nothing_by_posting(acme: Any, role: Role) -> None:
    jane = user("jane")
    browser = client(user("somebody", role))
    answers = {
        browser.post(path).status_code
        for path in (
            f"/settings/staff/{jane.pk}/deactivate/",
            f"/settings/staff/{jane.pk}/link/",
            "/settings/company/logo/remove/",
            "/settings/switches/new/",
        )
    }
    jane.refresh_from_db()

    assert answers == {403 if role == Role.SUPPORT else 404}
    assert jane.is_active


def test_the_menu_shows_what_the_role_may_open(acme: Any) -> None:
    administrator = client(user("jane")).get("/help/").content.decode()
    support = client(user("sue", Role.SUPPORT)).get("/help/").content.decode()

    assert all(f'href="{path}"' in administrator for path in ("/settings/company/", "/settings/staff/", "/platform/audit/", MAILS))
    assert f'href="{MAILS}"' in support
    assert not any(f'href="{path}"' in support for path in ("/settings/company/", "/settings/staff/", "/platform/audit/"))
