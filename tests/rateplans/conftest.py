"""Staff at their desks, and a plan with rates."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

Desk = Callable[..., Client]


@pytest.fixture
def desk(acme: Any, settings: Any) -> Desk:
    """A browser in which a member of Acme's staff is signed in, by role."""
    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)
    settings.WHITENOISE_AUTOREFRESH = True  # each client would list every static file before its first answer
    from billing_portal.accounts.models import User

    def sit(role: str = "commerce", host: str = "acme.localhost") -> Client:
        user = User.objects.create(username=f"{role}-{host}", full_name="Jane Whitfield", role=role)
        client = Client(HTTP_HOST=host)
        client.force_login(user)
        return client

    return sit


@pytest.fixture
def commerce(desk: Desk) -> Client:
    return desk("commerce")


@pytest.fixture
def standard(acme: Any) -> Any:
    """The plan Standard in pounds: 44 for 0.02 a minute by 60/6 and 0.01 a connection, 4420 for 0.06 by the second."""
    from tests.rateplans.steps import load, made

    plan = made("Standard")
    load(plan, b"prefix,destination,per minute,connection charge,initial increment,increment\n44,United Kingdom,0.02,0.01,60,6\n4420,London,0.06,0,1,1\n")
    return plan
