from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.db import migrations

MAILED = ("login_details", "password_reset")


def those_who_proved_it(apps: Any, schema_editor: Any) -> None:
    """Whoever used a link that was mailed to the email they have, or confirmed it, has proved it, and nobody else has: who only came in may have been
    handed the link, or somebody wrote another email for them since."""
    users = apps.get_model("accounts", "User").objects
    emails = {pk: email.lower() for pk, email in users.exclude(email="").values_list("pk", "email")}
    proved = {user for user, email in (*_followed(apps), *_confirmed(apps)) if emails.get(user) == email.lower()}
    users.exclude(pk__in=proved).update(email_proved=False)
    users.filter(pk__in=proved).update(email_proved=True)


def _followed(apps: Any) -> Iterator[tuple[UUID, str]]:
    """Whose link was used, and the one address that it was mailed to: the key of its mail ends in the fingerprint of the link."""
    used = dict(apps.get_model("accounts", "LoginLink").objects.filter(used_at__isnull=False).values_list("token_hash", "user_id"))
    mails = apps.get_model("mail", "MailLog").objects.filter(kind__in=MAILED)
    for key, recipients in mails.values_list("key", "recipients").iterator():
        user = used.get(key.partition(":")[2])
        if user is not None and len(recipients) == 1:
            yield user, recipients[0]


def _confirmed(apps: Any) -> Iterator[tuple[UUID, str]]:
    """Who followed the link to a new address of their own, and that address."""
    entries = apps.get_model("accounts", "AuditEntry").objects.filter(action="user.email_changed", subject_kind="user")
    for user, changes in entries.values_list("subject_id", "changes").iterator():
        yield user, changes["email"][1]


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0009_names_that_are_asked_for_are_counted"),
        ("mail", "0001_mail_log"),
    ]

    operations = [
        migrations.RunPython(those_who_proved_it, migrations.RunPython.noop),
    ]
