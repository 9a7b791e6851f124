import re
from typing import Any

from billing_portal.accounts.domain import keys, switches
from billing_portal.accounts.models import ApiKey, Switch
from billing_portal.tenancy.models import Reseller
from tests.support.people import client, system, user


def make_key(browser: Any) -> str:
    """The secret as the page shows it."""
    answer = browser.post(f"/settings/switches/{switches.ensure_default().pk}/keys/new/", {"scopes": ["calls:write"]})
    found = re.search(r'id="secret">(bp_[\w-]+)<', answer.content.decode())
    assert found is not None
    return found[1]


def test_a_switch_is_added_and_asks_for_a_key(acme: Any) -> None:
    browser = client(user("jane"))
    answer = browser.post("/settings/switches/new/", {"name": "fsw-london-1", "description": "Docklands"})

    assert answer.headers["Location"] == f"/settings/switches/{Switch.objects.get(name='fsw-london-1').pk}/keys/new/"
    assert browser.get(answer.headers["Location"]).status_code == 200


def test_a_second_switch_of_the_same_name_is_refused_at_the_field(acme: Any) -> None:
    switches.ensure_default()
    answer = client(user("jane")).post("/settings/switches/new/", {"name": "Default"})

    assert answer.status_code == 422
    assert "There is a switch “Default” already." in answer.content.decode()


def test_a_slash_in_a_name_is_kept_for_switches_of_resellers_below(acme: Any) -> None:
    answer = client(user("jane")).post("/settings/switches/new/", {"name": "globex/fs2"})

    assert answer.status_code == 422
    assert "Write it without a slash" in answer.content.decode()
    assert not Switch.objects.exists()


def test_a_switch_of_a_reseller_below_is_not_listed_and_gets_no_key(acme: Any) -> None:
    below = switches.of_child("globex/fs1", Reseller.objects.get(schema_name="globex"))
    browser = client(user("jane"))

    assert "globex/fs1" not in browser.get("/settings/switches/").content.decode()
    assert browser.get(f"/settings/switches/{below.pk}/keys/new/").status_code == 404
    assert browser.post(f"/settings/switches/{below.pk}/keys/new/", {"scopes": ["calls:write"]}).status_code == 404
    assert not ApiKey.objects.exists()


def test_a_key_is_shown_once_with_an_example_that_names_this_host(acme: Any) -> None:
    browser = client(user("jane"))
    answer = browser.post(f"/settings/switches/{switches.ensure_default().pk}/keys/new/", {"scopes": ["calls:write"]})
    text = answer.content.decode()
    secret = re.search(r'id="secret">(bp_[\w-]+)<', text)

    assert secret is not None
    assert "curl http://acme.localhost" in text
    assert f"Authorization: Bearer {secret[1]}" in text
    assert "no-store" in answer.headers["Cache-Control"]
    assert secret[1] not in browser.get("/settings/switches/").content.decode()
    assert keys.find(secret[1]) is not None


def test_a_key_says_from_where_it_works_and_a_wrong_address_is_refused_at_its_field(acme: Any) -> None:
    browser = client(user("jane"))
    page = f"/settings/switches/{switches.ensure_default().pk}/keys/new/"

    refused = browser.post(page, {"scopes": ["calls:write"], "addresses": "203.0.113.7\nfsw.example"})
    assert refused.status_code == 422
    assert "“fsw.example” is not an address" in refused.content.decode()
    assert not ApiKey.objects.exists()

    browser.post(page, {"scopes": ["calls:write"], "addresses": "203.0.113.7\n198.51.100.0/24"})
    assert ApiKey.objects.get().addresses == ["203.0.113.7", "198.51.100.0/24"]
    page = browser.get("/settings/switches/").content.decode()
    assert [address in page for address in (">203.0.113.7<", ">198.51.100.0/24<")] == [True, True]


def test_a_revoked_key_says_so_and_works_no_more(acme: Any) -> None:
    browser = client(user("jane"))
    secret = make_key(browser)
    browser.post(f"/settings/keys/{ApiKey.objects.get().pk}/revoke/")

    assert keys.find(secret) is None
    assert "Revoked" in browser.get("/settings/switches/").content.decode()


def test_a_key_is_never_revoked_by_a_link(acme: Any) -> None:
    key, _secret = keys.make(switches.ensure_default(), ["calls:write"], actor=system, at=user("jane").created_at)

    assert client(user("joe")).get(f"/settings/keys/{key.pk}/revoke/").status_code == 405


def test_the_list_asks_the_database_the_same_for_one_switch_and_for_three(acme: Any, django_assert_max_num_queries: Any) -> None:
    browser = client(user("jane"))
    make_key(browser)
    browser.get("/settings/switches/")
    with django_assert_max_num_queries(20) as one:
        browser.get("/settings/switches/")
    for name in ("a", "b"):
        keys.make(switches.create(name, "", actor=system, at=user(name).created_at), ["calls:write"], actor=system, at=user(f"x{name}").created_at)
    with django_assert_max_num_queries(len(one)):
        browser.get("/settings/switches/")
