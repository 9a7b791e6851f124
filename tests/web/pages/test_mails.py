from datetime import datetime
from typing import Any

import pytest
from django.db import connection

from billing_portal.accounts.domain import users
from billing_portal.accounts.models import Role
from billing_portal.mail import outgoing
from billing_portal.mail.models import MailLog
from billing_portal.web.pages.mails import styles_of
from tests.support.people import client, system, user


def written(of: str = "ann", state: MailLog.State = MailLog.State.SENT) -> MailLog:
    mail = outgoing.send("password_set", to=[f"{of}@example.com"], context={"user": user(of, Role.SUPPORT)}, key=f"test:{of}")
    MailLog.objects.filter(pk=mail.pk).update(state=state)
    return mail


def test_the_log_lists_mails_and_filters_by_state(acme: Any) -> None:
    written("ann")
    written("bob", MailLog.State.FAILED)
    browser = client(user("jane"))
    everything, failed = browser.get("/platform/mails/").content.decode(), browser.get("/platform/mails/?show=failed").content.decode()

    assert ("ann@example.com" in everything, "bob@example.com" in everything) == (True, True)
    assert ("ann@example.com" in failed, "bob@example.com" in failed) == (False, True)


def test_a_mail_is_shown_as_text_and_in_a_sandboxed_frame(acme: Any) -> None:
    mail = written()
    browser = client(user("jane"))
    shown, preview = browser.get(f"/platform/mails/{mail.pk}/"), browser.get(f"/platform/mails/{mail.pk}/preview/")

    assert f'src="/platform/mails/{mail.pk}/preview/" sandbox' in " ".join(shown.content.decode().split())
    assert "frame-src 'self'" in shown.headers["Content-Security-Policy"]
    assert "unsafe-inline" not in shown.headers["Content-Security-Policy"]
    assert {"default-src 'none'", "sandbox", "frame-ancestors 'self'"} <= set(preview.headers["Content-Security-Policy"].split("; "))
    assert "script-src" not in preview.headers["Content-Security-Policy"]
    assert "unsafe-inline" not in preview.headers["Content-Security-Policy"]
    assert preview.headers["X-Frame-Options"] == "SAMEORIGIN"


@pytest.mark.rel(79)
def test_the_preview_allows_the_styles_of_the_mail_and_no_others() -> None:
    """The hash of `color: red` by `printf 'color: red' | openssl dgst -sha256 -binary | base64`."""
    red, quoted = "'sha256-NerDAUWfwD31YdZHveMrq0GLjsNFMwxLpZl0dPUeCcw='", styles_of('<p style="font: &quot;Inter&quot;">')

    assert styles_of('<p style="color: red">a</p><b style="color: red">b</b>') == f"'unsafe-hashes' {red}"
    assert styles_of("<style>color: red</style>") == f"'unsafe-hashes' {red}"
    assert quoted == styles_of('<style>font: "Inter"</style>')
    assert styles_of("<p>plain</p>") == "'none'"


@pytest.mark.rel(72)
def test_who_reads_mails_cannot_use_the_links_in_them(acme: Any, noon: datetime) -> None:
    ann = user("ann", Role.SUPPORT, password=None)
    mail = users.send_login_details(ann, to=["ann@example.com"], actor=system, at=noon)
    token = mail.text.partition("/password/")[2].partition("/")[0]
    browser = client(user("sue", Role.SUPPORT))
    pages = [browser.get(f"/platform/mails/{mail.pk}/{part}").content.decode() for part in ("", "preview/")]

    assert len(token) == 43
    assert [token in text for text in pages] == [False, False]
    assert all("/password/…" in text for text in pages)


def test_a_failed_mail_is_sent_again(acme: Any) -> None:
    mail = written("ann", MailLog.State.FAILED)
    browser = client(user("jane"))

    assert "Send again" in browser.get(f"/platform/mails/{mail.pk}/").content.decode()
    assert browser.post(f"/platform/mails/{mail.pk}/resend/").status_code == 302
    mail.refresh_from_db()
    assert mail.state == MailLog.State.QUEUED


def test_login_details_are_sent_again_only_from_the_person(acme: Any, noon: datetime) -> None:
    mail = users.send_login_details(user("ann", Role.SUPPORT), to=["ann@example.com"], actor=system, at=noon)
    MailLog.objects.filter(pk=mail.pk).update(state=MailLog.State.SENT)
    browser = client(user("jane"))

    assert "Send again" not in browser.get(f"/platform/mails/{mail.pk}/").content.decode()
    assert browser.post(f"/platform/mails/{mail.pk}/resend/").status_code == 422


@pytest.mark.rel(53)
def test_mails_denies_other_reseller(acme: Any, globex: Any) -> None:
    theirs = written()
    connection.set_tenant(acme)

    assert client(user("jane")).get(f"/platform/mails/{theirs.pk}/").status_code == 404
