"""What a server asks of staff unless it is told otherwise."""

import os
import subprocess
import sys

import pytest

READ = "from billing_portal import settings; print(settings.REQUIRE_SECOND_FACTOR, settings.ALLAUTH_TRUSTED_PROXY_COUNT)"
GIVEN = {"ALLOWED_HOSTS": "portal.example", "DEFAULT_FROM_EMAIL": "billing@portal.example"}


@pytest.mark.rel(77)
@pytest.mark.parametrize(
    ("environment", "said"),
    [({"PORTAL_ENV": "production"}, "True 1"), ({"PORTAL_ENV": "demo"}, "False 0"), ({"PORTAL_ENV": "production", "BEHIND_TLS_PROXY": "false"}, "True 0")],
)
def test_a_second_factor_is_required_of_staff_on_a_server_and_not_in_the_demo(environment: dict[str, str], said: str) -> None:
    told = subprocess.run([sys.executable, "-c", READ], env=os.environ | GIVEN | environment, capture_output=True, text=True, check=True)

    assert told.stdout.strip() == said
