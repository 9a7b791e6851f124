"""The frame of the pages as it is drawn: title, banner, menu, components."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.http import HttpResponse
from django.template import Context, Template

from billing_portal.web import icons, registry, views
from billing_portal.web.context import portal
from billing_portal.web.history import Event
from billing_portal.web.page import page
from billing_portal.web.viewer import ANONYMOUS, Viewer
from tests.web import sample
from tests.web.sample import SampleForm
from tests.web.viewers import Asking


def title(answer: HttpResponse) -> str:
    """The title as a browser reads it."""
    [found] = re.findall("<title>(.*?)</title>", answer.content.decode(), re.DOTALL)
    return " ".join(found.split())


def drawn(request: Any, text: str, **context: Any) -> str:
    """A piece of a template, in one line."""
    made = Template("{% load portal %}" + text).render(Context({**portal(request), **context}))
    return re.sub(r"\s+", " ", made).strip()


def test_a_page_carries_the_name_of_the_brand_and_the_menu(asking: Asking, commerce: Viewer) -> None:
    answer = views.help_page(asking(commerce))
    said = answer.content.decode()

    assert title(answer) == "Help · Harbour Voice"
    assert '<a class="bp-skip" href="#main">' in said
    assert "You are managing" not in said


def test_while_switched_every_page_says_for_whom_and_how_to_return(asking: Asking, switched: Viewer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry.switching, "leave", "own")

    answer = views.help_page(asking(switched))
    said = answer.content.decode()

    assert title(answer) == "[Acme Ltd] Help · Harbour Voice"
    assert "You are managing <b>[Acme Ltd]</b> as Jane Whitfield" in said
    assert '<form class="bp-push" method="post" action="/own/">' in said
    assert "Change password" not in said


def test_a_form_with_errors_is_a_422_and_says_so_in_the_title(asking: Asking, commerce: Viewer) -> None:
    answer = sample.with_form(asking(commerce, post={"name": "", "limit": "1"}))

    assert answer.status_code == 422
    assert title(answer) == "Error: Help · Harbour Voice"


def test_a_form_without_errors_is_a_page_like_any_other(asking: Asking, commerce: Viewer) -> None:
    assert page(asking(commerce), "web/help.html", form=SampleForm()).status_code == 200


def test_somebody_signed_out_reads_the_help_at_the_door(asking: Asking) -> None:
    said = views.help_page(asking(ANONYMOUS)).content.decode()

    assert 'class="bp-door"' in said
    assert "bp-nav" not in said


def test_every_form_carries_the_frame_it_is_drawn_in(asking: Asking, switched: Viewer) -> None:
    said = drawn(asking(switched), "{% csrf_token %}", csrf_token="token")

    assert 'name="csrfmiddlewaretoken" value="token"' in said
    assert f'<input type="hidden" name="frame" value="{switched.frame}">' in said


def test_a_name_in_the_frame_is_escaped(asking: Asking, commerce: Viewer) -> None:
    assert "<script>" not in drawn(asking(commerce), "{% post_button '/x' label %}", label="<script>alert(1)</script>", csrf_token="token")


def test_a_field_ties_its_label_hint_error_and_unit_together(asking: Asking, commerce: Viewer) -> None:
    said = drawn(asking(commerce), "{% field form.limit %}", form=SampleForm({"name": "x", "limit": "1,000"}))

    assert '<label for="id_limit">Credit limit</label>' in said
    assert 'aria-invalid="true"' in said
    assert 'aria-describedby="id_limit_helptext id_limit_error"' in said
    assert 'id="id_limit_helptext">Calls stop when this much is owed.</p>' in said
    assert "Write an amount such as 50.00." in said
    assert '<span class="bp-unit">GBP</span>' in said


def test_the_summary_links_each_error_to_its_field(asking: Asking, commerce: Viewer) -> None:
    said = drawn(asking(commerce), "{% error_summary form %}", form=SampleForm({"name": "", "limit": "x"}))

    assert "2 things to correct before this can be saved" in said
    assert '<a href="#id_name">Customer name: This cannot be empty.</a>' in said


def test_a_form_without_errors_has_no_summary(asking: Asking, commerce: Viewer) -> None:
    assert drawn(asking(commerce), "{% error_summary form %}", form=SampleForm()) == ""


def test_amounts_and_balances_are_drawn_with_their_code_and_word(asking: Asking, commerce: Viewer) -> None:
    said = drawn(
        asking(commerce), "{{ owed|balance:'GBP' }} {{ price|rate }} {{ nothing|money:'GBP' }}", owed=Decimal("-12"), price=Decimal("0.02"), nothing=None
    )

    assert said == '<span class="bp-money">−12.00 <span class="bp-cur">GBP</span></span><small>owes</small> <span class="bp-money">0.0200</span> –'


def test_history_names_both_who_did_it_and_for_whom(asking: Asking, switched: Viewer) -> None:
    events = [Event("Line added", "Jane Whitfield", datetime(2025, 11, 18, 16, 31, tzinfo=UTC), acted_for="Acme Ltd")]

    said = drawn(asking(switched), "{% history events %}", events=events)

    assert '<li class="bp-as">' in said
    assert "Jane Whitfield as [Acme Ltd]" in said
    assert "18 Nov 2025 16:31" in said


def test_the_last_step_of_the_breadcrumb_is_the_current_page(asking: Asking, commerce: Viewer) -> None:
    said = drawn(asking(commerce), "{% crumb 'Commerce' %}{% crumb 'Customers' 'customers' %}{% crumb 'New' %}")

    assert said == '<li>Commerce</li><li><a href="/customers/">Customers</a></li><li aria-current="page">New</li>'


def test_a_notice_has_a_role_and_at_most_one_link(asking: Asking, commerce: Viewer) -> None:
    said = drawn(asking(commerce), "{% notice 'bad' link='/x' label='Open' %}<b>Due.</b>{% endnotice %}")

    assert 'role="alert"' in said
    assert '<a href="/x">Open</a>' in said


def test_an_icon_is_drawn_and_an_unknown_one_is_an_error() -> None:
    assert 'class="bp-icon bp-icon-s"' in icons.drawn("users", "s")
    assert 'aria-hidden="true"' in icons.drawn("users")
    with pytest.raises(LookupError):
        icons.drawn("no-such-icon")
    with pytest.raises(LookupError):
        icons.drawn("../outline/users")


def test_search_asks_every_provider_with_a_clean_term(asking: Asking, commerce: Viewer, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def provider(viewer: Viewer, term: str) -> list[registry.Hit]:
        asked.append(term)
        return [registry.Hit(f"Acme {n}", "100042", "/own/") for n in range(20)]

    monkeypatch.setattr(registry.search, "providers", [("Customers", provider), ("Nothing", lambda viewer, term: [])])

    said = views.search(asking(commerce, "/search/?q=+ac%E2%80%AEme+")).content.decode()

    assert asked == ["acme"]
    assert said.count("<b>Acme") == 8
    assert "Nothing" not in said


def test_the_logo_is_shown_as_what_its_bytes_are(asking: Asking) -> None:
    request = asking(ANONYMOUS)
    request.tenant.logo = b"\x89PNG\r\n\x1a\nrest"

    assert views.logo(request).headers["Content-Type"] == "image/png"
