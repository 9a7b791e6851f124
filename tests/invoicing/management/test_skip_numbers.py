"""After a restore the numbers that customers hold already are not given out again (reliability 97)."""

from datetime import UTC, datetime
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from billing_portal.accounts.models import AuditEntry
from invoicing.domain import ledger_check
from tests.support import months

pytestmark = pytest.mark.django_db


def skip(past: int) -> str:
    said = StringIO()
    call_command("skip_numbers", "--reseller", "acme", "--series", "ACM-2026-", "--past", str(past), stdout=said)
    return said.getvalue()


@pytest.mark.rel(97)
def test_the_next_document_comes_after_what_was_mailed(acme: Any) -> None:
    assert skip(1207) == "The next number of ACM-2026- is 1208.\n"

    months.anna()
    [october] = months.issue("2026-11-01", datetime(2026, 11, 1, 6, tzinfo=UTC))
    assert october.number == "ACM-2026-1208"
    entry = AuditEntry.objects.get(action="series.skipped")
    assert (entry.subject_name, entry.changes) == ("ACM-2026-", {"next number": ["1", "1208"]})
    assert ledger_check.check().differences == []


def test_numbers_never_go_back(acme: Any) -> None:
    skip(20)

    with pytest.raises(CommandError, match="The next number of ACM-2026- is 21 already"):
        skip(20)
