"""Who may open what (reliability 61; semantics 33, 34; the rights of the contracts)."""

import uuid
from typing import Any, cast

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse

from billing_portal.accounts.models import Role
from billing_portal.kernel.errors import DomainError
from billing_portal.web.access import AccessMiddleware, ActingError
from billing_portal.web.viewer import ANONYMOUS, PEOPLE, STAFF, Viewer
from tests.web import sample
from tests.web.viewers import Asking, Customer, viewer_in


@pytest.fixture
def door() -> AccessMiddleware:
    return AccessMiddleware(lambda request: HttpResponse("inside"))


def opens(view: Any, request: Any) -> bool:
    try:
        return bool(view(request).content == b"opened")
    except (Http404, PermissionDenied, ActingError):
        return False


def test_a_view_that_says_nothing_is_open_to_nobody(door: AccessMiddleware, asking: Asking, commerce: Viewer) -> None:
    with pytest.raises(Http404):
        door.process_view(asking(commerce), sample.unmarked, (), {})


def test_a_view_that_says_who_may_open_it_passes(door: AccessMiddleware, asking: Asking, commerce: Viewer) -> None:
    assert door.process_view(asking(commerce), sample.for_staff, (), {}) is None


def test_a_public_view_opens_to_somebody_signed_out(asking: Asking) -> None:
    assert opens(sample.for_anybody, asking(ANONYMOUS))


@pytest.mark.parametrize("view", [sample.for_signed_in, sample.for_staff, sample.for_people, sample.about_oneself])
def test_somebody_signed_out_is_led_to_the_sign_in_and_back(asking: Asking, view: Any) -> None:
    answer = view(asking(ANONYMOUS, "/customers/?q=acme"))

    assert (answer.status_code, answer.url) == (302, "/sign-in/?next=/customers/%3Fq%3Dacme")


def test_a_fragment_asked_for_signed_out_sends_the_browser_to_the_sign_in(asking: Asking) -> None:
    answer = sample.for_staff(asking(ANONYMOUS, "/customers/", HX_Request="true"))

    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, "/sign-in/?next=/customers/")


@pytest.mark.parametrize("role", STAFF)
def test_every_member_of_staff_opens_a_page_for_staff(asking: Asking, role: Role) -> None:
    assert opens(sample.for_staff, asking(viewer_in(role)))


@pytest.mark.parametrize("role", PEOPLE)
def test_a_page_for_staff_does_not_exist_for_a_customers_people(asking: Asking, role: Role) -> None:
    with pytest.raises(Http404):
        sample.for_staff(asking(viewer_in(role)))


def test_a_role_opens_what_it_includes(asking: Asking, commerce: Viewer) -> None:
    assert opens(sample.for_commerce, asking(commerce))


def test_a_role_cannot_open_what_it_does_not_include(asking: Asking, support: Viewer) -> None:
    with pytest.raises(PermissionDenied):
        sample.for_commerce(asking(support))


def test_a_customers_person_opens_their_own_pages(asking: Asking, person: Viewer) -> None:
    assert opens(sample.for_people, asking(person))


def test_staff_cannot_open_a_customers_pages_without_switching(asking: Asking, commerce: Viewer) -> None:
    with pytest.raises(Http404):
        sample.for_people(asking(commerce))


def test_staff_who_switched_open_the_customers_pages(asking: Asking, switched: Viewer) -> None:
    assert opens(sample.for_people, asking(switched))


def test_an_account_user_cannot_open_what_is_for_account_administrators(asking: Asking) -> None:
    assert opens(sample.for_account_admins, asking(viewer_in(Role.ACCOUNT_ADMIN)))
    assert not opens(sample.for_account_admins, asking(viewer_in(Role.ACCOUNT_USER)))


def test_while_switched_neither_staff_pages_nor_ones_own_password_open(asking: Asking, switched: Viewer) -> None:
    assert not opens(sample.for_staff, asking(switched))
    assert not opens(sample.about_oneself, asking(switched))


def test_a_page_of_ones_own_asks_to_return_first(door: AccessMiddleware, asking: Asking, switched: Viewer) -> None:
    answer = door.process_exception(asking(switched), ActingError())

    assert answer is not None
    assert answer.status_code == 403
    assert "You are managing [Acme Ltd]." in answer.content.decode()


def test_a_form_saved_under_the_frame_it_was_drawn_in_passes(door: AccessMiddleware, asking: Asking, switched: Viewer) -> None:
    assert door.process_view(asking(switched, post={"frame": switched.frame}), sample.for_people, (), {}) is None


def test_a_form_drawn_while_managing_another_saves_nothing_and_keeps_what_was_written(door: AccessMiddleware, asking: Asking, commerce: Viewer) -> None:
    written = {"frame": f"{uuid.uuid4()} Beta GmbH", "description": "Warehouse 2", "password": "secret", "csrfmiddlewaretoken": "token"}

    answer: Any = door.process_view(asking(commerce, post=written), sample.for_staff, (), {})

    said = answer.content.decode()
    assert answer.status_code == 409
    assert "You are no longer managing [Beta GmbH]." in said
    assert "Warehouse 2" in said
    assert "secret" not in said


@pytest.mark.parametrize("secret", ["password", "new_password", "current", "code", "answer", "token"])
def test_what_proves_who_somebody_is_is_never_shown_again(door: AccessMiddleware, asking: Asking, commerce: Viewer, secret: str) -> None:
    sent = {"frame": f"{uuid.uuid4()} Beta GmbH", secret: "copper kettle", "name": "Warehouse 2"}

    said = cast(HttpResponse, door.process_view(asking(commerce, post=sent), sample.for_staff, (), {})).content.decode()
    assert ("copper kettle" in said, "Warehouse 2" in said) == (False, True)


def test_a_form_of_ones_own_cannot_be_saved_into_a_customer(door: AccessMiddleware, asking: Asking, switched: Viewer) -> None:
    answer: Any = door.process_view(asking(switched, post={"frame": "own"}), sample.for_people, (), {})

    assert answer.status_code == 409
    assert "You are managing [Acme Ltd] now." in answer.content.decode()


@pytest.mark.parametrize("view", [sample.for_people, sample.for_signed_in, sample.for_anybody])
def test_a_form_that_does_not_say_its_frame_saves_nothing_into_a_customer(door: AccessMiddleware, asking: Asking, switched: Viewer, view: Any) -> None:
    answer: Any = door.process_view(asking(switched, post={"description": "Warehouse 2"}), view, (), {})

    assert answer.status_code == 409
    assert "You are managing [Acme Ltd] now." in answer.content.decode()
    assert "Warehouse 2" in answer.content.decode()


def test_a_form_without_frame_passes_where_nobody_is_managed(door: AccessMiddleware, asking: Asking, commerce: Viewer) -> None:
    assert door.process_view(asking(commerce, post={"description": "Warehouse 2"}), sample.for_staff, (), {}) is None


def test_returning_needs_no_frame(door: AccessMiddleware, asking: Asking, switched: Viewer) -> None:
    assert door.process_view(asking(switched, post={}), sample.leaving, (), {}) is None


def test_two_customers_of_one_name_are_two_frames(switched: Viewer) -> None:
    namesake = viewer_in(Role.COMMERCE, switched_into=Customer())

    assert namesake.acted_for == switched.acted_for
    assert namesake.frame != switched.frame


def test_returning_works_from_a_form_of_any_frame(door: AccessMiddleware, asking: Asking, commerce: Viewer) -> None:
    assert door.process_view(asking(commerce, post={"frame": "x Beta"}), sample.leaving, (), {}) is None


def test_a_refusal_of_the_domain_becomes_a_page_with_a_way_back(door: AccessMiddleware, asking: Asking, commerce: Viewer) -> None:
    request = asking(commerce, Referer="http://testserver/customers/")

    answer = door.process_exception(request, DomainError("not_theirs", "That invoice belongs to another customer."))

    assert answer is not None
    assert answer.status_code == 422
    assert "That invoice belongs to another customer." in answer.content.decode()
    assert 'href="http://testserver/customers/"' in answer.content.decode()


def test_the_way_back_never_leads_to_another_site(door: AccessMiddleware, asking: Asking, commerce: Viewer) -> None:
    answer = door.process_exception(asking(commerce, Referer="https://evil.example/"), DomainError("x", "No."))

    assert answer is not None
    assert "evil.example" not in answer.content.decode()


def test_other_errors_are_left_to_the_framework(door: AccessMiddleware, asking: Asking, commerce: Viewer) -> None:
    assert door.process_exception(asking(commerce), ValueError("broken")) is None
