"""The door as visitors see it."""

import logging
import re
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.urls import get_resolver
from django.utils import timezone

from billing_portal.accounts.adapter import NO_MATCH
from billing_portal.accounts.domain import links
from billing_portal.accounts.models import AuditEntry, LoginLink, Role, SignInName, User
from billing_portal.jobs.models import Job
from billing_portal.tenancy import fingerprints
from tests.support.jobs import run_jobs
from tests.support.people import PASSWORD, client, mails, user

NEW = "a much longer secret 77"


def sign_in(browser: Client, name: str, password: str = PASSWORD, **more: str) -> Any:
    return browser.post("/sign-in/", {"login": name, "password": password, **more})


def text_of(answer: Any) -> str:
    """The page without what differs in every answer: the token against forged forms."""
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", answer.content.decode())


def test_signing_in_leads_on_and_signing_out_back(acme: Any) -> None:
    user("jane")
    browser = client()

    assert sign_in(browser, "Jane@example.com", next="/account/password/").headers["Location"] == "/account/password/"
    assert browser.get("/account/password/").status_code == 200
    assert browser.post("/sign-out/").status_code == 302
    assert browser.get("/account/password/").headers["Location"] == "/sign-in/?next=/account/password/"


def test_looking_at_the_sign_out_page_signs_nobody_out(acme: Any) -> None:
    browser = client(user("jane"))

    assert browser.get("/sign-out/").status_code == 200
    assert browser.get("/account/password/").status_code == 200


@pytest.mark.rel(74)
def test_every_refusal_reads_the_same(acme: Any) -> None:
    user("jane")
    user("ann", email="office@example.com")
    user("bob", email="office@example.com")
    User.objects.filter(pk=user("left").pk).update(is_active=False)
    answers = {}
    for name in ("jane", "nobody", "office@example.com", "left"):
        answer = sign_in(client(), name, "not the right one")
        answers[name] = (answer.status_code, text_of(answer).replace(f'value="{name}"', ""))

    assert len(set(answers.values())) == 1
    assert answers["jane"][0] == 422
    assert str(NO_MATCH) in answers["jane"][1]
    assert "or use your account number" in answers["jane"][1]


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "http://globex.localhost/", "//evil.example", "http://localhost/"])
def test_signing_in_never_leads_to_another_host(acme: Any, elsewhere: str) -> None:
    user("jane")

    assert sign_in(client(), "jane", next=elsewhere).headers["Location"] == "/"


@pytest.mark.rel(75)
def test_guessing_ends_after_ten_tries_and_other_people_still_sign_in(acme: Any) -> None:
    """Anywhere else at once, and beside who guesses with the browser they have used before."""
    user("jane")
    user("ann")
    anns, browser = client(), client()
    sign_in(anns, "ann")
    anns.post("/sign-out/")
    for _attempt in range(10):
        sign_in(browser, "jane", "guess guess guess")

    assert "Too many attempts" in sign_in(browser, "jane").content.decode()
    assert sign_in(anns, "ann").status_code == 302
    assert sign_in(client(REMOTE_ADDR="192.0.2.7"), "ann").status_code == 302


@pytest.mark.rel(74)
@pytest.mark.rel(75)
def test_tries_by_one_name_tell_nothing_of_the_other_names_of_its_account(acme: Any) -> None:
    """The account has had its ten, so no password is looked at by any of its names; by a name that nobody has the answers are the same."""
    SignInName.objects.create(kind=SignInName.Kind.ACCOUNT_NUMBER, value="100042", user=user("jane"))
    for _attempt in range(10):
        sign_in(client(REMOTE_ADDR="192.0.2.1"), "jane", "guess guess guess")

    answers = {}
    for number, name in enumerate(["jane@example.com", "100042", "nobody"]):
        given = [sign_in(client(REMOTE_ADDR=f"198.51.100.{number}"), name) for _attempt in range(10)]
        given.append(sign_in(client(REMOTE_ADDR=f"203.0.113.{number}"), name))
        answers[name] = [(answer.status_code, text_of(answer).replace(f'value="{name}"', "")) for answer in given]

    assert answers["jane@example.com"] == answers["100042"] == answers["nobody"]
    assert {(status, str(NO_MATCH) in said) for status, said in answers["nobody"][:10]} == {(422, True)}
    assert "Too many attempts" in answers["nobody"][10][1]
    assert "Too many attempts" in sign_in(client(REMOTE_ADDR="192.0.2.2"), "JANE ").content.decode()


def test_nothing_else_of_the_framework_is_reachable(acme: Any) -> None:
    names = {name for name in get_resolver().reverse_dict if isinstance(name, str) and name.startswith("account_")}

    assert names == {"account_login", "account_logout", "account_change_password"}
    assert {name for name in get_resolver().reverse_dict if isinstance(name, str) and name.startswith("mfa_")} == {"mfa_authenticate"}


# --- forgotten -------------------------------------------------------------------------------------------------------


@pytest.mark.rel(74)
def test_asking_for_a_link_is_answered_the_same_for_everybody(acme: Any) -> None:
    user("jane")
    answers = [client().post("/password/forgotten/", {"name": name}) for name in ("jane", "nobody", "nobody@example.com")]

    assert {answer.status_code for answer in answers} == {200}
    assert len({text_of(answer) for answer in answers}) == 1


def test_somebody_who_never_set_a_password_gets_a_link_too(acme: Any) -> None:
    jane = user("jane", password=None)
    client().post("/password/forgotten/", {"name": "jane@example.com"})
    [mail] = mails("password_reset")

    assert mail.recipients == ["jane@example.com"]
    assert client().post(path_in(mail.text), {"password": NEW}).headers["Location"] == "/sign-in/"
    jane.refresh_from_db()
    assert jane.check_password(NEW)


def test_an_unknown_name_gets_no_mail(acme: Any) -> None:
    client().post("/password/forgotten/", {"name": "nobody@example.com"})

    assert mails() == []


def test_what_was_typed_in_place_of_a_name_stays_nowhere(acme: Any) -> None:
    """It may have been a password."""
    client().post("/password/forgotten/", {"name": "My secret passphrase"})
    run_jobs()

    job = Job.objects.get(kind="accounts.forgotten")
    assert (job.state, job.payload) == ("done", {})
    assert fingerprints.of("my secret passphrase") not in job.key, "so that nobody finds it by trying"


def test_asking_twice_at_once_mails_once(acme: Any) -> None:
    user("jane")
    for _click in range(2):
        client().post("/password/forgotten/", {"name": "jane"})

    assert len(mails("password_reset")) == 1


@pytest.mark.rel(56)
@pytest.mark.parametrize("header", ["x-forwarded-host", "forwarded", "x-host"])
def test_the_link_names_the_resellers_own_host_whatever_the_request_claims(acme: Any, header: str) -> None:
    user("jane")
    client(host="ACME.localhost.").post("/password/forgotten/", {"name": "jane"}, headers={header: "evil.example"})
    [mail] = mails("password_reset")

    assert re.findall(r"https?://([^/:\s]+)", mail.text + mail.html) == ["acme.localhost"] * len(re.findall(r"https?://", mail.text + mail.html))


# --- the link ----------------------------------------------------------------------------------------------------------


def path_in(text: str) -> str:
    found = re.search(r"(/password/[\w-]{20,}/)", text)
    assert found is not None
    return found[1]


def link_for(person: User) -> str:
    return f"/password/{links.make(person, LoginLink.Purpose.WELCOME, at=timezone.now())}/"


@pytest.mark.rel(73)
def test_opening_the_link_spends_nothing_and_the_password_spends_it(acme: Any) -> None:
    jane = user("jane", password=None)
    path = link_for(jane)
    scanner, browser = client(), client()
    opened = [scanner.head(path), scanner.get(path), scanner.get(path), browser.get(path)]

    assert [answer.status_code for answer in opened] == [200] * 4
    assert browser.post(path, {"password": NEW}).headers["Location"] == "/sign-in/"
    assert sign_in(browser, "jane", NEW).status_code == 302


@pytest.mark.rel(72)
def test_the_link_works_once(acme: Any) -> None:
    jane = user("jane", password=None)
    path = link_for(jane)
    client().post(path, {"password": NEW})
    again = client().post(path, {"password": "yet another password"})

    assert (again.status_code, client().get(path).status_code) == (410, 410)
    jane.refresh_from_db()
    assert jane.check_password(NEW)


@pytest.mark.rel(72)
@pytest.mark.parametrize("host", ["globex.localhost", "localhost"])
def test_the_link_means_nothing_on_another_host(acme: Any, host: str) -> None:
    jane = user("jane", password=None)
    path = link_for(jane)

    assert client(host=host).post(path, {"password": NEW}).status_code == 410
    connection.set_tenant(acme)
    jane.refresh_from_db()
    assert not jane.has_usable_password()


@pytest.mark.rel(74)
def test_expired_used_and_invented_links_look_the_same_and_offer_a_new_one(acme: Any) -> None:
    jane, bob = user("jane", password=None), user("bob", password=None)
    expired, used = link_for(jane), link_for(bob)
    LoginLink.objects.filter(user=jane).update(expires_at=timezone.now() - timedelta(seconds=1))
    client().post(used, {"password": NEW})
    paths = [expired, used, f"/password/{'x' * 43}/"]
    pages = [client().get(path) for path in paths]
    renewed = [client().post(f"{path}renew/") for path in paths]

    assert {answer.status_code for answer in pages} == {410}
    assert len({text_of(answer).replace(path, "") for answer, path in zip(pages, paths, strict=True)}) == 1
    assert len({text_of(answer) for answer in renewed}) == 1
    assert sorted(mail.recipients[0] for mail in mails("password_reset")) == ["bob@example.com", "jane@example.com"]


@pytest.mark.rel(72)
def test_no_link_that_still_works_stands_in_the_log(acme: Any, capfd: pytest.CaptureFixture[str]) -> None:
    """A refused password, a link that ended and an error of ours are logged with their path."""
    jane = user("jane")
    ended, path = link_for(jane), link_for(jane)
    answers = [client().post(path, {"password": "short"}).status_code, client().get(ended).status_code, client().post(f"{path}renew/").status_code]
    confirm = f"/email/{'x' * 30}:1vN:{'y' * 43}/"
    answers.append(client().get(confirm).status_code)
    try:
        raise ValueError(f"broken at {path}")
    except ValueError:
        logging.getLogger("django.request").exception("Internal Server Error: %s", path)
    logged = capfd.readouterr().err

    assert answers == [422, 410, 200, 410]
    assert logged.count("/password/[secret]/") == 4
    assert logged.count("/email/[secret]/") == 1
    assert [secret.split("/")[2] in logged for secret in (path, ended, confirm)] == [False] * 3
    assert client().get(path).status_code == 200


@pytest.mark.rel(76)
@pytest.mark.parametrize("weak", ["short", "passwordpassword", "jane@example.com", "123456789012345", "aaaaaaaabbbbbbbb"])
def test_a_weak_password_is_refused_and_the_link_stays(acme: Any, weak: str) -> None:
    jane = user("jane", password=None)
    path = link_for(jane)
    answer = client().post(path, {"password": weak})

    assert answer.status_code == 422
    assert client().get(path).status_code == 200


def test_a_password_of_64_letters_with_spaces_is_kept_as_typed(acme: Any) -> None:
    jane = user("jane", password=None)
    long = " copper kettle on the hill, and three more in the dale; blue " + "x99 "
    client().post(link_for(jane), {"password": long})
    jane.refresh_from_db()

    assert len(long) >= 64
    assert jane.check_password(long)
    assert not jane.check_password(long.strip())


def test_setting_the_password_is_mailed_and_written_down(acme: Any) -> None:
    client().post(link_for(user("jane", password=None)), {"password": NEW})

    assert [mail.subject for mail in mails("password_set")] == ["Your password for Acme was set"]
    assert AuditEntry.objects.filter(action="user.password_set", actor_name="Jane").count() == 1


def test_a_deactivated_persons_link_is_worthless(acme: Any) -> None:
    jane = user("jane", password=None)
    path = link_for(jane)
    User.objects.filter(pk=jane.pk).update(is_active=False)

    assert client().post(path, {"password": NEW}).status_code == 410


# --- changing it --------------------------------------------------------------------------------------------------------


def test_the_current_password_is_asked_for(acme: Any) -> None:
    browser = client(user("jane"))
    answer = browser.post("/account/password/", {"current": "wrong", "password": NEW})

    assert answer.status_code == 422
    assert "This is not your current password." in answer.content.decode()
    assert "wrong" not in re.findall(r'value="([^"]*)"', answer.content.decode())


def test_a_changed_password_ends_open_links(acme: Any) -> None:
    jane = user("jane")
    path = link_for(jane)
    client(jane).post("/account/password/", {"current": PASSWORD, "password": NEW})

    assert client().get(path).status_code == 410


@pytest.mark.rel(79)
@pytest.mark.parametrize("path", ["/sign-in/", "/password/forgotten/", "/password/invented/"])
def test_pages_of_the_door_are_never_kept_in_a_cache_or_a_frame(acme: Any, path: str) -> None:
    answer = client().get(path)

    assert "no-store" in answer.headers["Cache-Control"]
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert "unsafe-inline" not in answer.headers["Content-Security-Policy"]


# --- one's own account --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [Role.REPORTS, Role.ACCOUNT_ADMIN, Role.ACCOUNT_USER])
def test_everybody_chooses_their_own_time_zone(acme: Any, role: Role) -> None:
    jane, other = user("jane", role), user("other", role)
    browser: Any = client(jane)

    assert browser.post("/account/", {"time_zone": "Asia/Tokyo"}).url == "/account/"
    assert list(User.objects.filter(pk__in=[jane.pk, other.pk]).order_by("username").values_list("time_zone", flat=True)) == ["Asia/Tokyo", ""]
    page = browser.get("/account/").content.decode()
    assert '<option value="Asia/Tokyo" selected>' in page
    assert "/account/password/" in page
    assert AuditEntry.objects.get(action="user.changed").changes == {"time_zone": ["", "Asia/Tokyo"]}

    browser.post("/account/", {"time_zone": ""})
    assert User.objects.get(pk=jane.pk).time_zone == ""


def test_a_time_zone_that_is_none_is_refused_and_nothing_else_can_be_set(acme: Any) -> None:
    jane = user("jane", Role.ACCOUNT_USER)

    assert client(jane).post("/account/", {"time_zone": "Mars/Olympus"}).status_code == 422
    client(jane).post("/account/", {"time_zone": "", "role": "administrator", "email": "x@x.example", "full_name": "X"})
    after = User.objects.get(pk=jane.pk)
    assert (after.time_zone, after.role, after.email, after.full_name) == ("", "account_user", "jane@example.com", "Jane")


def test_a_stranger_has_no_account_page(acme: Any) -> None:
    assert client().get("/account/").status_code == 302


# --- what is sent to the door by nobody -----------------------------------------------------------------------------------


@pytest.mark.rel(59)
@pytest.mark.parametrize("path", ["/sign-in/", "/switch/arrive/", "/password/forgotten/", "/sign-in/passkey/"])
def test_a_form_of_several_megabytes_is_refused_before_it_is_taken_apart(acme: Any, path: str) -> None:
    """Each of its letters would take eighty times the memory."""
    sent = "login=" + "%41" * 1_000_000

    assert client().post(path, sent, content_type="application/x-www-form-urlencoded").status_code == 400


@pytest.mark.rel(59)
def test_a_form_of_as_many_fields_as_a_page_may_show_is_taken(acme: Any) -> None:
    sent = {"name": "Acme", "brand_colour": "#00647e", **{f"line-{number}": str(uuid4()) for number in range(19_000)}}

    assert client(user("jane")).post("/settings/company/", urlencode(sent), content_type="application/x-www-form-urlencoded").status_code == 302
