from typing import Any

from billing_portal.jobs.models import Job
from tests.support.people import client, user


def test_waiting_and_given_up_jobs_are_listed_and_done_ones_are_not(acme: Any) -> None:
    Job.objects.create(kind="mail.deliver", key="waits")
    Job.objects.create(kind="mail.deliver", key="dead", state=Job.State.DEAD, error="OSError: refused <b>")
    Job.objects.create(kind="mail.deliver", key="finished", state=Job.State.DONE)
    text = client(user("jane")).get("/platform/jobs/").content.decode()

    assert "waits" in text
    assert "OSError: refused &lt;b&gt;" in text
    assert "finished" not in text


def test_a_given_up_job_is_tried_again(acme: Any) -> None:
    job = Job.objects.create(kind="mail.deliver", key="dead", state=Job.State.DEAD, attempts=5)
    browser = client(user("jane"))

    assert browser.post(f"/platform/jobs/{job.pk}/retry/").headers["Location"] == "/platform/jobs/"
    job.refresh_from_db()
    assert (job.state, job.attempts) == (Job.State.PENDING, 0)


def test_a_job_that_is_not_given_up_is_left_alone(acme: Any) -> None:
    job = Job.objects.create(kind="mail.deliver", key="waits")

    assert client(user("jane")).post(f"/platform/jobs/{job.pk}/retry/").status_code == 422


def test_the_menu_counts_what_was_given_up(acme: Any) -> None:
    browser = client(user("jane"))
    before = browser.get("/platform/jobs/").content.decode().count('class="bp-count"')
    Job.objects.create(kind="mail.deliver", key="dead", state=Job.State.DEAD)

    assert browser.get("/platform/jobs/").content.decode().count('class="bp-count"') == before + 1
