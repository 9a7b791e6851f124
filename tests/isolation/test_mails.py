"""Every kind of mail, as it is written and as it is sent: the words of its own reseller stand in it, and of no other (reliability 60)."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection, transaction

from billing_portal.mail.models import MailLog
from tests.isolation import every_kind
from tests.isolation.furnished import Furnished
from tests.isolation.recorder import recording
from tests.sizes import size
from tests.support.canary_words import WORD

pytestmark = [pytest.mark.django_db, pytest.mark.rel(60)]

SUBJECT = ".subject.txt"


def kinds() -> set[str]:
    """The kinds of mails there are templates for."""
    return {path.name.removesuffix(SUBJECT) for path in Path(settings.BASE_DIR, "templates", "emails").glob(f"*{SUBJECT}")}


@pytest.mark.parametrize("schema", ["acme", "globex"][: size(1, 2)])
def test_every_kind_of_mail_holds_the_words_of_its_own_reseller_alone(resellers: dict[str, Furnished], schema: str) -> None:
    connection.set_tenant(resellers[schema].reseller())
    with transaction.atomic(), recording() as recorder:
        every_kind.mails(resellers[schema])
        recorder.mails(schema)
        own = {mail.kind for mail in MailLog.objects.all() if WORD[schema] in f"{mail.recipients} {mail.subject} {mail.text} {mail.html}"}
        transaction.set_rollback(True)

    assert own == kinds()
    assert not recorder.leaks, "\n".join(recorder.leaks)
