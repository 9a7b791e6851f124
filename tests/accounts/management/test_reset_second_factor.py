"""The only administrator who lost their phone is let in by who runs the server."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from billing_portal.accounts.domain import second_factors
from billing_portal.accounts.models import AuditEntry
from tests.support.people import mails, user
from tests.support.second_factors import add_app, at_the_door, is_signed_in, shown


def reset(name: str) -> str:
    said = StringIO()
    call_command("reset_second_factor", "--reseller", "acme", "--user", name, stdout=said)
    return said.getvalue()


def test_the_password_alone_lets_them_in_and_they_are_told(acme: Any) -> None:
    jane = user("jane")
    add_app(jane)
    browser = at_the_door(jane, code=shown())

    assert reset("jane@example.com") == "The second factor of Jane (jane) is reset, and their sessions have ended.\n"
    assert not is_signed_in(browser)
    assert is_signed_in(at_the_door(jane))
    assert AuditEntry.objects.get(action="user.second_factor_reset").actor_name == "reset_second_factor"
    assert mails("sign_in_changed")[-1].subject == "Your second factor was reset: Acme"


@pytest.mark.parametrize(("name", "why"), [("nobody", "Nobody at Acme signs in as “nobody”"), ("ann", "Ann has no second factor")])
def test_what_cannot_be_done_is_said_in_a_line(acme: Any, name: str, why: str) -> None:
    user("ann")
    jane = user("jane")
    add_app(jane)

    with pytest.raises(CommandError, match=why):
        reset(name)
    assert second_factors.of(jane).any
