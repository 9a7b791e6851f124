"""A large rates file is read and applied by a worker; the page of the upload tells how far it is, and shows then what a small one shows at once."""

import hashlib
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from billing_portal.accounts.models import AuditEntry
from billing_portal.jobs import outbox
from billing_portal.jobs.models import Job
from rateplans.domain import imports, large_files, loading, rates_file
from rateplans.models import RateImport, RatePlan
from tests.rateplans.steps import NOON, load, prices
from tests.rateplans.views.test_imports import BAD, GOOD, HEAD, upload
from tests.support import jobs

ASKING: Any = {"HTTP_HX_REQUEST": "true"}
MIXED = HEAD + b"44,United Kingdom,0.03\n33,France,0.01\n34,Spain,0.02\n"


@pytest.fixture(autouse=True)
def every_file_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large_files, "AT_ONCE", -1)


def text(answer: Any, status: int = 200) -> str:
    assert answer.status_code == status
    return " ".join(str(answer.content.decode()).split())


def read(browser: Client, plan: RatePlan, content: bytes = GOOD, mode: str = "replace", **given: Any) -> str:
    """Upload a file and let a worker read it; the address of its page."""
    answer: Any = browser.post(f"/rate-plans/{plan.pk}/import/", {"file": SimpleUploadedFile("rates.csv", content), "mode": mode} | given)
    assert answer.status_code == 302
    assert jobs.run_jobs("rates.read") == ["rates.read"]
    return str(answer.url)


def order(browser: Client, address: str, **given: Any) -> Any:
    """Press “Apply” as the page was drawn."""
    drawn = browser.get(address).context
    return browser.post(address, {"mode": drawn["seen"].mode, "looked_at": drawn["seen"].current_number, "in_force_from": drawn["since_text"]} | given)


@pytest.mark.rel(59)
def test_the_page_of_the_upload_reads_nothing_and_says_that_a_worker_does(commerce: Client, standard: RatePlan, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as shut:
        shut.delattr(rates_file, "parse")
        address = upload(commerce, standard, GOOD, name="Great Britain.csv").url
        said = text(commerce.get(address))
    assert "The file is being read" in said
    assert "You can leave this page" in said
    assert f'hx-get="{address}" hx-trigger="every 2s"' in said
    assert commerce.get(address, **ASKING).status_code == 204
    assert "is being read" in text(commerce.get(f"/rate-plans/{standard.pk}/"))

    stored = RateImport.objects.get(state="reading")
    assert (bytes(stored.content), stored.sha256) == (GOOD, hashlib.sha256(GOOD).hexdigest())
    assert (stored.file_name, stored.made_by) == ("Great Britain.csv", "Jane Whitfield")
    jobs.run_jobs("rates.read")
    assert commerce.get(address, **ASKING)["HX-Redirect"] == address
    assert "Apply 2 rates" in text(commerce.get(address))
    assert "has been read" in text(commerce.get(f"/rate-plans/{standard.pk}/"))


@pytest.mark.rel(23)
def test_what_it_would_change_is_what_a_small_one_would(commerce: Client, standard: RatePlan) -> None:
    address = read(commerce, standard, MIXED)

    for mode in ("replace", "add"):
        seen, small = commerce.get(f"{address}?mode={mode}").context["seen"], imports.look(standard, MIXED, mode=mode, at=NOON)
        assert (seen.comparison, seen.mode, seen.current_number) == (small.comparison, mode, 1)
        assert (seen.row_count, seen.rate_count, seen.unusual_count) == (small.row_count, small.rate_count, small.unusual_count)
    assert standard.versions.count() == 1


@pytest.mark.rel(23)
def test_nothing_is_live_before_a_worker_has_applied_it_whole(commerce: Client, standard: RatePlan) -> None:
    address = read(commerce, standard, MIXED)

    assert order(commerce, address).url == address
    assert "The rates are being applied" in text(commerce.get(address))
    assert commerce.get(address, **ASKING).status_code == 204
    assert order_again(commerce, address) == "The rates are being applied"
    assert standard.versions.count() == 1

    assert jobs.run_jobs("rates.apply") == ["rates.apply"]
    assert commerce.get(address, **ASKING)["HX-Redirect"] == address
    assert "Version 2 applied: 3 rates." in text(commerce.get(address))
    assert "is not applied yet" not in text(commerce.get(f"/rate-plans/{standard.pk}/"))
    assert prices(standard.versions.get(number=2)) == prices_of(MIXED)
    entry = AuditEntry.objects.get(action="rates.imported", changes__version=["1", "2"])
    assert (entry.actor_name, entry.note) == ("Jane Whitfield", "rates.csv")


def order_again(browser: Client, address: str) -> str:
    """What is said to somebody who presses the button of a page drawn before."""
    answer: Any = browser.post(address, {"mode": "replace", "looked_at": 1})
    assert Job.objects.filter(kind="rates.apply").count() == 1
    return "The rates are being applied" if "The rates are being applied" in text(answer) else ""


def prices_of(content: bytes) -> dict[str, Any]:
    return {rate.prefix: rate.per_minute for rate in rates_file.parse(content).rates}


@pytest.mark.rel(85)
@pytest.mark.parametrize("kind", ["empty", "mixed encodings", "duplicate prefix", "one bad row among good ones", "zip bomb"])
def test_a_bad_file_is_reported_and_changes_nothing(commerce: Client, standard: RatePlan, kind: str) -> None:
    address = read(commerce, standard, BAD[kind], mode="add", in_force_from="2026-10-03T09:00")
    seen: Any = commerce.get(address)

    expected = rates_file.parse(BAD[kind])
    assert (seen.context["shown"], seen.context["left"], seen.context["seen"].bad_rows) == (expected.errors, 0, len({one.line for one in expected.errors}))
    assert seen.context["form"].initial == {"mode": "add", "in_force_from": "2026-10-03T09:00"}
    assert commerce.post(address, {"mode": "replace", "looked_at": 1}).status_code == 200
    assert (jobs.run_jobs("rates.apply"), standard.versions.count()) == ([], 1)
    assert bytes(RateImport.objects.get(state="refused").content) == b"", "nothing of it is kept"


def test_the_rest_of_many_bad_rows_is_counted(commerce: Client, standard: RatePlan) -> None:
    page: Any = commerce.get(read(commerce, standard, HEAD + b"".join(b"%d,x,bad\n" % number for number in range(1_000, 1_250))))

    assert (len(page.context["shown"]), page.context["left"]) == (100, 150)
    assert "250 rows cannot be read" in text(page)


def test_a_large_file_is_dated_back(commerce: Client, standard: RatePlan) -> None:
    address = read(commerce, standard, in_force_from="2026-10-03T09:00")

    assert "In force from 3 Oct 2026 09:00:00" in text(commerce.get(address))
    order(commerce, address, in_force_from="")
    jobs.run_jobs("rates.apply")
    assert f"{standard.versions.get(number=2).valid_from:%Y-%m-%d %H:%M}" == "2026-10-03 08:00"
    assert "Now rate the waiting calls again" in text(commerce.get(address))


@pytest.mark.rel(22)
@pytest.mark.parametrize("is_large", [True, False])
def test_it_holds_from_when_it_is_there_and_not_from_when_somebody_began(
    commerce: Client, standard: RatePlan, monkeypatch: pytest.MonkeyPatch, is_large: bool
) -> None:
    written, write = list[datetime](), loading.copy_rates

    def copy(*given: Any, **more: Any) -> int:
        count = write(*given, **more)
        written.append(timezone.now())
        return count

    monkeypatch.setattr(loading, "copy_rates", copy)
    monkeypatch.setattr(large_files, "AT_ONCE", -1 if is_large else len(GOOD))
    order(commerce, read(commerce, standard) if is_large else upload(commerce, standard, GOOD).url)
    assert jobs.run_jobs("rates.apply") == ["rates.apply"] * is_large

    version = standard.versions.get(number=2)
    assert version.valid_from is not None
    assert written[0] < version.valid_from < timezone.now()
    assert version.created_at < written[0]
    assert AuditEntry.objects.get(action="rates.imported", changes__version=["1", "2"]).at == version.valid_from


def test_unusual_prices_need_a_tick(commerce: Client, standard: RatePlan) -> None:
    address = read(commerce, standard, HEAD + b"44,United Kingdom,0.21\n")

    refused = order(commerce, address)
    assert (refused.status_code, list(refused.context["form"].errors)) == (422, ["accept_unusual"])
    assert jobs.run_jobs("rates.apply") == []
    order(commerce, address, accept_unusual="on")
    assert jobs.run_jobs("rates.apply") == ["rates.apply"]
    assert standard.versions.count() == 2


def test_looking_again_and_the_reading_that_it_owes_are_one(commerce: Client, standard: RatePlan, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that died between the two left a page that said for ever that the file is being read."""
    address = read(commerce, standard)
    order(commerce, address)
    load(standard, HEAD + b"44,United Kingdom,0.05\n", at=NOON + timedelta(hours=2))
    payload = Job.objects.get(kind="rates.apply").payload

    def die(*_given: Any, **_more: Any) -> bool:
        raise OSError("the worker was killed")

    with monkeypatch.context() as broken:
        broken.setattr(outbox, "add", die)
        with pytest.raises(OSError, match="was killed"):
            large_files.apply(payload, at=NOON + timedelta(hours=3))
    assert RateImport.objects.get(found__isnull=False).state == "applying"

    assert jobs.run_jobs("rates.apply", "rates.read") == ["rates.apply", "rates.read"]
    assert "The rates have changed since. Look at the changes again." in text(commerce.get(address))


@pytest.mark.parametrize("is_ordered", [False, True])
def test_what_was_not_looked_at_is_not_applied_but_looked_at_again(commerce: Client, standard: RatePlan, is_ordered: bool) -> None:
    address, other = read(commerce, standard), HEAD + b"44,United Kingdom,0.05\n"
    drawn = {"mode": "replace", "looked_at": 1}
    if is_ordered:
        commerce.post(address, drawn)
    load(standard, other, at=NOON + timedelta(hours=2))
    if not is_ordered:
        commerce.post(address, drawn)
    else:
        jobs.run_jobs("rates.apply")

    assert "The file is being read" in text(commerce.get(address))
    jobs.run_jobs("rates.read")
    said: Any = commerce.get(address)
    assert "The rates have changed since. Look at the changes again." in text(said)
    assert (said.context["seen"].current_number, said.context["seen"].comparison.cheaper) == (2, 1)
    assert standard.versions.count() == 2
    order(commerce, address)
    jobs.run_jobs("rates.apply")
    assert standard.versions.count() == 3


def test_the_same_file_twice_makes_one_version(commerce: Client, standard: RatePlan) -> None:
    for address in [read(commerce, standard), read(commerce, standard)]:
        order(commerce, address)
        jobs.run_jobs("rates.apply", "rates.read")
    order(commerce, address)
    jobs.run_jobs("rates.apply")

    assert standard.versions.count() == 2
    assert "This file is applied already, as version 2." in text(commerce.get(address))


def test_what_was_given_up_is_told_and_asks_no_more(commerce: Client, standard: RatePlan) -> None:
    address = upload(commerce, standard, GOOD).url
    Job.objects.filter(kind="rates.read").update(state=Job.State.DEAD)

    said = text(commerce.get(address, **ASKING))
    assert "It was given up. Nothing is lost" in said
    assert "hx-get" not in said.partition('id="progress"')[2].partition("</section>")[0]


@pytest.mark.rel(27)
def test_a_worker_that_died_after_its_work_does_it_once(standard: RatePlan, commerce: Client) -> None:
    address = read(commerce, standard, MIXED)
    key = RateImport.objects.get(found__isnull=False).pk
    large_files.read(key, at=NOON)
    order(commerce, address)
    payload = Job.objects.get(kind="rates.apply").payload
    for _time in range(2):
        large_files.apply(payload, at=NOON + timedelta(hours=3))

    assert standard.versions.count() == 2
    assert RateImport.objects.get(pk=key).state == "applied"


def test_a_small_file_is_looked_at_at_once(commerce: Client, standard: RatePlan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large_files, "AT_ONCE", len(GOOD))

    assert "Apply 2 rates" in text(commerce.get(upload(commerce, standard, GOOD).url))
    assert not Job.objects.filter(kind="rates.read").exists()
    assert "The file is being read" in text(commerce.get(upload(commerce, standard, GOOD + b"\n").url))


def test_a_small_file_for_a_plan_of_very_many_rates_is_left_to_a_worker_too(commerce: Client, standard: RatePlan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large_files, "AT_ONCE", len(GOOD))
    monkeypatch.setattr(large_files, "RATES_AT_ONCE", 1)

    assert "The file is being read" in text(commerce.get(upload(commerce, standard, GOOD).url))


@pytest.fixture
def once_large(standard: RatePlan, monkeypatch: pytest.MonkeyPatch) -> RatePlan:
    """A plan whose former version has very many rates, and whose version of today few."""
    load(standard, HEAD + b"44,United Kingdom,0.05\n", at=NOON + timedelta(hours=1))
    monkeypatch.setattr(large_files, "AT_ONCE", len(MIXED))
    monkeypatch.setattr(large_files, "RATES_AT_ONCE", 1)
    return standard


THEN = "2026-11-21T12:30"


@pytest.mark.rel(59)
def test_a_small_file_whose_address_names_a_time_of_very_many_rates_is_left_to_a_worker(
    commerce: Client, once_large: RatePlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = upload(commerce, once_large, GOOD).url
    assert "Apply 2 rates" in text(commerce.get(address))
    with monkeypatch.context() as shut:
        shut.delattr(rates_file, "compare")
        for _time in range(2):
            assert commerce.get(f"{address}?mode=add&in_force_from={THEN}").status_code in {200, 302}
    assert "The file is being read" in text(commerce.get(address))
    assert jobs.run_jobs("rates.read") == ["rates.read"]

    seen: Any = commerce.get(address)
    assert "In force from 21 Nov 2026 12:30:00" in text(seen)
    assert (seen.context["seen"].mode, seen.context["seen"].current_number, seen.context["seen"].comparison.kept) == ("add", 1, 1)
    order(commerce, address)
    assert jobs.run_jobs("rates.apply") == ["rates.apply"]
    version = once_large.versions.get(number=3)
    assert (f"{version.valid_from:%H:%M}", version.rate_count) == ("12:30", 3)


@pytest.mark.rel(59)
def test_a_small_file_that_is_uploaded_for_such_a_time_is_left_to_a_worker_too(commerce: Client, once_large: RatePlan, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as shut:
        shut.delattr(rates_file, "parse")
        sent = {"file": SimpleUploadedFile("rates.csv", GOOD), "mode": "add", "in_force_from": THEN}
        answer: Any = commerce.post(f"/rate-plans/{once_large.pk}/import/", sent)
        assert "The file is being read" in text(commerce.get(answer.url))
    jobs.run_jobs("rates.read")
    assert "In force from 21 Nov 2026 12:30:00" in text(commerce.get(answer.url))


@pytest.mark.rel(59)
@pytest.mark.parametrize("dated", [False, True])
def test_a_small_file_is_not_applied_by_a_page_to_very_many_rates(commerce: Client, once_large: RatePlan, dated: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was looked at while they were few, or at another time."""
    address, drawn = upload(commerce, once_large, GOOD).url, {"mode": "replace", "looked_at": 1 if dated else 2}
    if not dated:
        load(once_large, MIXED, at=NOON + timedelta(hours=2))
    with monkeypatch.context() as shut:
        shut.delattr(rates_file, "compare")
        answer: Any = commerce.post(address, drawn | {"in_force_from": THEN if dated else ""})
        assert answer.url == address
    before = once_large.versions.count()
    assert (jobs.run_jobs("rates.apply"), jobs.run_jobs("rates.read")) == ([], ["rates.read"])

    said: Any = commerce.get(address)
    assert "The rates have changed since. Look at the changes again." in text(said)
    assert said.context["seen"].current_number == (1 if dated else 3)
    assert ("In force from" in text(said)) is dated
    assert once_large.versions.count() == before


def test_a_time_ahead_in_the_address_is_none(commerce: Client, once_large: RatePlan) -> None:
    address = upload(commerce, once_large, GOOD).url
    page: Any = commerce.get(f"{address}?in_force_from=2099-01-01T00:00")

    assert (page.context["since"], page.context["seen"].current_number) == (None, 2)
