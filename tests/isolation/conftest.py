"""Three resellers with one of everything, committed once for all tests of this folder. Models are imported late: this file is read before Django is set up."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support import databases


@pytest.fixture(scope="package")
def resellers(django_db_setup: None, django_db_blocker: Any) -> Iterator[dict[str, Any]]:
    """The owner with Acme and Globex below it; in every text of each stands its own word."""
    from django.db import connection

    from tests.isolation import canaries
    from tests.isolation.furnished import furnish, join_the_tree

    with django_db_blocker.unblock():
        name = connection.settings_dict["NAME"]
        databases.empty(name)
        made = {schema: furnish(schema) for schema in ("owner", "acme", "globex")}
        for schema in made:
            canaries.complete(schema)
            canaries.seed(schema, name)
        join_the_tree(made["owner"], made["acme"], made["globex"])
        connection.set_schema_to_public()
        yield made
        databases.empty(name)
