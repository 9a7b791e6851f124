"""The rules that hold for every address and every form of the portal, also for those that are added later."""

import re
from pathlib import Path

import pytest
from django.urls import reverse

from billing_portal.web.registry import customer_tabs, menu
from tests.support import addresses

ROOT = Path(__file__).resolve().parents[2]
OPEN_TO_ANYBODY = {
    "/brand/logo",
    "/email/<str:token>/",  # behind the link to a new address: the token says who asked for it
    "/favicon.ico",
    "/help/",
    "/invoices/brand-<str:colour>.css",  # the colour in its own address and nothing else, so that staff, customers and caches share it
    "/password/<str:token>/",
    "/password/<str:token>/renew/",
    "/password/forgotten/",
    "/sign-in/",
    "/sign-in/passkey/",
    "/sign-in/second-factor/",  # only between the right password and the session
    "/switch/arrive/",
}
STAY_SHUT = ["/api/v1/"]  # ninja's start page, which would lead to documents that we do not serve: a 404
POSTING = re.compile(r"<form\b[^>]*\bmethod=\"post\"", re.IGNORECASE)


@pytest.mark.rel(61)
def test_every_view_says_who_may_open_it() -> None:
    silent = [address.pattern for address in addresses.every() if not address.audience]

    assert silent == STAY_SHUT


@pytest.mark.rel(61)
def test_the_views_open_to_anybody_are_known_by_name() -> None:
    """A new public view is added here on purpose, or it is a mistake."""
    public = {address.pattern for address in addresses.every() if address.audience == "public"}

    assert public - OPEN_TO_ANYBODY == set()


def test_every_form_that_posts_carries_the_frame_it_is_drawn_in() -> None:
    """The tag that writes token and frame comes with `{% load portal %}`; pages at the door have no frame."""
    forgetful = [
        str(file.relative_to(ROOT))
        for file in sorted((ROOT / "templates").rglob("*.html"))
        if POSTING.search(text := file.read_text(encoding="utf-8"))
        and '{% extends "door.html" %}' not in text
        and ("{% csrf_token %}" not in text or not re.search(r"{% load [^%]*\bportal\b", text))
    ]

    assert forgetful == []


def test_everything_in_the_menu_and_the_tabs_has_an_address() -> None:
    assert all(reverse(item.url_name).startswith("/") for item in menu.items)
    assert all("100042" in reverse(tab.url_name, kwargs={"account": "100042"}) for tab in customer_tabs.items)
