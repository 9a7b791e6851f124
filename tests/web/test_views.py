"""What belongs to no app and is open to anybody."""

from contextlib import closing
from typing import Any

import pytest

from tests.support.people import client


@pytest.mark.parametrize("page", ["/sign-in/", "/help/"])
def test_every_page_names_its_icon(acme: Any, page: str) -> None:
    assert '<link rel="icon" href="/static/mark.svg" type="image/svg+xml">' in client().get(page).content.decode()


def test_a_browser_that_asks_for_an_icon_by_itself_gets_the_mark(acme: Any) -> None:
    answer: Any = client().get("/favicon.ico")
    with closing(client().get(answer.url)) as mark:
        assert (mark.status_code, mark.headers["Content-Type"]) == (200, "image/svg+xml")

    assert (answer.status_code, answer.url) == (302, "/static/mark.svg")
    assert answer.headers["Cache-Control"] == "public, max-age=86400"


def test_the_icon_cannot_be_posted_to(acme: Any) -> None:
    assert client().post("/favicon.ico").status_code == 405
