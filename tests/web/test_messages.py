"""A message waits for the next page of the reseller that said it, and for no other's."""

from typing import Any

import pytest

from tests.support.people import client, user

SAVED = "Company saved. Documents already issued keep what they show."
FIELDS = {"name": "Acme", "legal_name": "Acme Telecom Ltd", "country": "GB", "brand_colour": "#00647E"}


@pytest.mark.rel(60)
def test_a_message_of_one_reseller_is_none_at_anothers_host(acme: Any) -> None:
    browser = client(user("jane"))
    browser.post("/settings/company/", FIELDS)
    carried = browser.cookies["messages"].value
    assert carried

    elsewhere = client(host="globex.localhost")
    elsewhere.cookies["messages"] = carried
    assert SAVED not in elsewhere.get("/sign-in/").content.decode()
    assert SAVED not in elsewhere.get("/help/").content.decode()
    assert SAVED in browser.get("/settings/company/").content.decode()
    assert SAVED not in browser.get("/settings/company/").content.decode()
