"""What was typed at the door before is forgotten as what is typed now."""

import importlib
from typing import Any

import pytest
from django.db import connection

from billing_portal.jobs.models import Job

forgotten: Any = importlib.import_module("billing_portal.jobs.migrations.0003_names_typed_at_the_door_are_forgotten")


@pytest.mark.django_db
def test_names_in_jobs_that_are_done_go_and_those_that_are_still_looked_for_stay(acme: Any) -> None:
    for key, kind, state in [("a", "accounts.forgotten", "done"), ("b", "accounts.forgotten", "pending"), ("c", "mail.deliver", "done")]:
        Job.objects.create(key=key, kind=kind, state=state, payload={"name": "my secret"})
    with connection.cursor() as cursor:
        cursor.execute(forgotten.FORGET)

    assert dict(Job.objects.values_list("key", "payload")) == {"a": {}, "b": {"name": "my secret"}, "c": {"name": "my secret"}}
