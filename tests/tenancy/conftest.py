"""What needs the owner's database role. Models are imported late: this file is read before Django is set up."""

import os
from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture
def as_owner(transactional_db: None, settings: Any) -> Iterator[None]:
    """This process works in the role that changes schemas."""
    import environ
    from django.db import connection

    app = {name: connection.settings_dict[name] for name in ("USER", "PASSWORD")}
    owner = environ.Env.db_url_config(os.environ["DATABASE_OWNER_URL"])
    settings.PORTAL_DB_ROLE = "owner"
    connection.close()
    connection.settings_dict.update({name: owner[name] for name in app})
    connection.set_schema_to_public()
    yield
    connection.close()
    connection.settings_dict.update(app)
    connection.set_schema_to_public()
