"""People who sign in: added, changed, deactivated, told."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from billing_portal.accounts import queries
from billing_portal.accounts.actor import Actor
from billing_portal.accounts.domain import links, sessions, users
from billing_portal.accounts.models import AuditEntry, LoginLink, Role, SignInName, User
from billing_portal.accounts.queries import LoginState
from billing_portal.kernel.errors import DomainError
from billing_portal.mail.models import MailLog
from tests.support.people import PASSWORD, mails, user

boss = Actor.program("boss")


def new(username: str = "ann", *, email: str = "ann@example.com", name: str = "Ann Lee", role: Role = Role.SUPPORT, at: datetime) -> User:
    return users.create(username, name, email, role, actor=boss, at=at)


def test_a_new_person_has_no_password_and_an_entry(acme: Any, noon: datetime) -> None:
    ann = new(at=noon)

    assert not ann.has_usable_password()
    entry = AuditEntry.objects.get(action="user.created")
    assert (entry.actor_name, entry.subject_id, entry.changes) == ("boss", ann.pk, {"role": ["", "Support"]})


@pytest.mark.parametrize("same", ["ann", "ANN", "Ann "])
def test_usernames_are_unique_whatever_their_case(acme: Any, noon: datetime, same: str) -> None:
    new("ann", at=noon)

    with pytest.raises(DomainError, match="username_taken"):
        new(same, email="other@example.com", at=noon)
    assert User.objects.count() == 1


def test_the_same_username_in_another_reseller_is_free(acme: Any, globex: Any, noon: datetime) -> None:
    assert new("ann", at=noon).username == "ann"


def test_a_username_that_is_somebodys_account_number_is_taken(acme: Any, noon: datetime) -> None:
    SignInName.objects.create(kind=SignInName.Kind.ACCOUNT_NUMBER, value="100042", user=new("ann", at=noon))

    with pytest.raises(DomainError, match="username_taken"):
        new("100042", email="bob@example.com", at=noon)


@pytest.mark.parametrize("email", ["ann@example.com", "jane@example.com", "nobody@example.com"])
def test_no_email_is_a_username_whoever_has_it_so_that_a_refusal_tells_nothing_of_it(acme: Any, noon: datetime, email: str) -> None:
    user("jane")

    with pytest.raises(DomainError) as refused:
        new(email, at=noon)
    assert (refused.value.code, refused.value.field) == ("username_invalid", "username")
    assert refused.value.message == "A username has no @: the email signs in by itself."
    assert new("ann", email=email, at=noon).email == email


@pytest.mark.parametrize("bad", ["", "two words", "a\r\nb", "<script>", "a" * 151])
def test_odd_usernames_are_refused(acme: Any, noon: datetime, bad: str) -> None:
    with pytest.raises(DomainError, match="username_invalid"):
        new(bad, at=noon)


@pytest.mark.rel(88)
@pytest.mark.parametrize(
    "bad", ["a@b.example\r\nBcc: c@d.example", "a@b.example,c@d.example", "nobody", "a b@c.example", '"a\x0bb"@c.example', "a@\u0130.example"]
)
def test_odd_addresses_are_refused(acme: Any, noon: datetime, bad: str) -> None:
    with pytest.raises(DomainError, match="email_invalid"):
        new(email=bad, at=noon)


# --- roles and access ---------------------------------------------------------------------------------------------------


def test_a_role_changes_and_the_entry_says_from_what(acme: Any, noon: datetime) -> None:
    ann = new(at=noon)

    assert users.change_role(ann, Role.COMMERCE, actor=boss, at=noon).role == Role.COMMERCE
    assert AuditEntry.objects.get(action="user.role_changed").changes == {"role": ["Support", "Commerce"]}


def test_the_last_administrator_cannot_step_down_or_go(acme: Any, noon: datetime) -> None:
    jane = user("jane")
    User.objects.filter(pk=user("old").pk).update(is_active=False)

    with pytest.raises(DomainError, match="last_administrator"):
        users.change_role(jane, Role.SUPPORT, actor=boss, at=noon)
    with pytest.raises(DomainError, match="last_administrator"):
        users.deactivate(jane, actor=boss, at=noon)


def test_one_of_two_administrators_can_go(acme: Any, noon: datetime) -> None:
    jane, joe = user("jane"), user("joe")

    assert not users.deactivate(jane, actor=Actor.of(joe), at=noon).is_active


def test_nobody_deactivates_themselves(acme: Any, noon: datetime) -> None:
    jane = user("jane")
    user("joe")

    with pytest.raises(DomainError, match="not_yourself"):
        users.deactivate(jane, actor=Actor.of(jane), at=noon)


@pytest.mark.parametrize(("before", "after"), [(Role.ACCOUNT_ADMIN, Role.ADMINISTRATOR), (Role.SUPPORT, Role.ACCOUNT_USER)])
def test_people_of_customers_never_become_staff_nor_staff_theirs(acme: Any, noon: datetime, before: Role, after: Role) -> None:
    with pytest.raises(DomainError, match="role_of_others"):
        users.change_role(new(role=before, at=noon), after, actor=boss, at=noon)


def test_deactivating_ends_open_links_and_activating_opens_none(acme: Any, noon: datetime) -> None:
    ann = new(at=noon)
    token = links.make(ann, LoginLink.Purpose.WELCOME, at=noon)
    users.deactivate(ann, actor=boss, at=noon)

    assert users.activate(ann, actor=boss, at=noon).is_active
    assert links.find(token, at=noon) is None


# --- login details ------------------------------------------------------------------------------------------------------


@pytest.mark.rel(72)
def test_login_details_hold_address_names_and_a_link_and_never_a_password(acme: Any, noon: datetime) -> None:
    acme.support_email, acme.support_phone = "help@acme.example", "+44 20 7946 0100"
    acme.save()
    ann = user("ann", name="Ann O'Neill & Co")
    mail = users.send_login_details(ann, to=["ann@example.com"], actor=boss, account_number="100042", at=noon)

    assert mail.subject == "Your login details for Acme"
    for fact in ("Ann O'Neill & Co", "acme.localhost", "Username: ann", "Account number: 100042", "help@acme.example", "+44 20 7946 0100"):
        assert fact in mail.text, fact
    assert mail.html.count("Set your password") == 1
    assert "Ann O'Neill &amp; Co" in mail.html
    assert PASSWORD not in mail.text + mail.html
    assert ann.password not in mail.text + mail.html
    assert re.search(r"password\s*[:=]", (mail.text + mail.html).replace("Set your password here:", ""), re.IGNORECASE) is None


@pytest.mark.parametrize(("role", "said"), [(Role.ADMINISTRATOR, "you work in the portal of Acme"), (Role.ACCOUNT_USER, "you can see your calls")])
def test_staff_are_not_told_of_calls_and_invoices_of_their_own(acme: Any, noon: datetime, role: Role, said: str) -> None:
    mail = users.send_login_details(new(role=role, at=noon), to=["ann@example.com"], actor=boss, at=noon)

    assert said in mail.text
    assert said in mail.html


@pytest.mark.rel(72)
def test_resending_ends_the_link_sent_before(acme: Any, noon: datetime) -> None:
    ann = new(at=noon)
    first = users.send_login_details(ann, to=["ann@example.com"], actor=boss, at=noon)
    second = users.send_login_details(ann, to=["ann@example.com"], actor=boss, at=noon)

    assert [links.find(token_in(mail), at=noon) is not None for mail in (first, second)] == [False, True]
    assert AuditEntry.objects.filter(action="user.login_details_sent").count() == 2


def token_in(mail: MailLog) -> str:
    found = re.search(r"/password/([\w-]{43})/", mail.text)
    assert found is not None
    return found[1]


@pytest.mark.rel(88)
def test_a_name_with_line_breaks_makes_no_second_header(acme: Any, noon: datetime) -> None:
    acme.name = "Acme\r\nBcc: everybody@example.com"
    acme.save()
    mail = users.send_login_details(new(at=noon), to=["ann@example.com"], actor=boss, at=noon)

    assert mail.subject == "Your login details for Acme Bcc: everybody@example.com"
    assert "\n" not in mail.sender + mail.subject
    assert mail.recipients == ["ann@example.com"]


@pytest.mark.rel(88)
@pytest.mark.parametrize("to", [[], ["a@b.example\r\nBcc: c@d.example"], ["a@b.example,c@d.example"], [f"{n}@b.example" for n in range(6)]])
def test_login_details_go_to_one_to_five_proper_addresses(acme: Any, noon: datetime, to: list[str]) -> None:
    with pytest.raises(DomainError, match="bad_address"):
        users.send_login_details(new(at=noon), to=to, actor=boss, at=noon)
    assert mails() == []


def test_a_copied_link_works_and_is_written_down(acme: Any, noon: datetime) -> None:
    ann = new(at=noon)
    address = users.copy_link(ann, actor=boss, at=noon)

    assert links.find(address.rstrip("/").rpartition("/")[2], at=noon) is not None
    assert AuditEntry.objects.get(action="user.link_copied").actor_name == "boss"


ENDINGS: dict[str, Callable[[User, datetime], object]] = {
    "deactivated": lambda sam, at: users.deactivate(sam, actor=boss, at=at),
    "another role": lambda sam, at: users.change_role(sam, Role.REPORTS, actor=boss, at=at),
    "signed out": lambda sam, at: sessions.end_all(sam, actor=boss, at=at),
}


@pytest.mark.rel(69)
@pytest.mark.parametrize("ending", ENDINGS)
def test_links_that_somebody_copied_and_nobody_used_end_with_their_access(acme: Any, noon: datetime, ending: str) -> None:
    """They may hold them still. What others copied since, and what was mailed, stays."""
    sam, sue = user("sam", Role.SUPPORT), user("sue", Role.SUPPORT)
    later = noon + timedelta(seconds=1)
    for name in ("ann", "ben", "cat"):
        users.copy_link(new(name, at=noon), actor=Actor.of(sam), at=noon)
    users.copy_link(User.objects.get(username="ben"), actor=Actor.of(sue), at=later)
    users.send_login_details(User.objects.get(username="cat"), to=["cat@example.com"], actor=boss, at=later)

    ENDINGS[ending](sam, later)

    open_ = LoginLink.objects.filter(used_at=None, ended_at=None).order_by("user__username").values_list("user__username", flat=True)
    assert list(open_) == ["ben", "cat"]


@pytest.mark.rel(69)
def test_an_administrator_who_becomes_support_has_no_link_left_into_an_administrators_account(acme: Any, noon: datetime) -> None:
    jane, joe = user("jane"), user("joe")
    token = users.copy_link(joe, actor=Actor.of(jane), at=noon).rstrip("/").rpartition("/")[2]

    users.change_role(jane, Role.ADMINISTRATOR, actor=boss, at=noon)
    assert links.find(token, at=noon) is not None, "the role that she has"
    users.change_role(jane, Role.SUPPORT, actor=boss, at=noon)
    assert links.find(token, at=noon) is None


def test_nobody_deactivated_gets_login_details_or_a_link(acme: Any, noon: datetime) -> None:
    ann = users.deactivate(new(at=noon), actor=boss, at=noon)

    with pytest.raises(DomainError, match="not_active"):
        users.send_login_details(ann, to=["ann@example.com"], actor=boss, at=noon)
    with pytest.raises(DomainError, match="not_active"):
        users.copy_link(ann, actor=boss, at=noon)


def test_the_state_of_login_details_follows_mail_and_use(acme: Any, noon: datetime) -> None:
    ann = new(at=noon)
    seen = [queries.login_state(ann)]
    mail = users.send_login_details(ann, to=["ann@example.com"], actor=boss, at=noon)
    for state in (MailLog.State.QUEUED, MailLog.State.SENT, MailLog.State.FAILED):  # such a mail never goes on to another address
        MailLog.objects.filter(pk=mail.pk).update(state=state)
        seen.append(queries.login_state(ann))
    links.set_password(token_in(mail), "a much longer secret 77", at=noon)
    seen.append(queries.login_state(ann))

    assert seen == [LoginState.NEVER, LoginState.QUEUED, LoginState.SENT, LoginState.FAILED, LoginState.ACTIVATED]


def test_the_state_is_that_of_the_last_mail(acme: Any, noon: datetime) -> None:
    ann = new(at=noon)
    for state in (MailLog.State.SENT, MailLog.State.FAILED):
        mail = users.send_login_details(ann, to=["ann@example.com"], actor=boss, at=noon)
        MailLog.objects.filter(pk=mail.pk).update(state=state)

    assert queries.login_state(ann) == LoginState.FAILED
