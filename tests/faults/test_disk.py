"""The disk is full when PDFs are written: invoices stay issued, PDFs stay owed, no half file is left; with room again all is as undisturbed (rel. 38)."""

from __future__ import annotations

import resource
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from billing_portal.jobs.domain import running
from billing_portal.jobs.models import Job
from invoicing.documents import store
from invoicing.models import Document, DocumentFile
from tests import sizes
from tests.faults import outcome, story
from tests.support import killing, months, world
from tests.support.months import issue, local

ROOM = 4 * 1024  # bytes that a file may have; a PDF needs more
DOCUMENTS = sizes.size(2, 10)
FIT = DOCUMENTS // 2  # are written before the disk is full


@pytest.fixture
def documents(acme: Any) -> list[Document]:
    """Invoices whose PDFs and mails are owed."""
    for number in range(DOCUMENTS - 1):
        months.calls(world.customer(f"Customer {number}"), "2026-10-05 09:00", price=f"1.{number}9")
    months.anna()
    return issue("2026-11-01", local("2026-11-02 09:00"))


def papers() -> dict[str, bytes]:
    """The bytes of each PDF that is stored, by the number of its document."""
    files = DocumentFile.objects.select_related("document")
    return {file.document.number: store.read("acme", file.path, file.sha256) for file in files}


def posted() -> list[tuple[str, bytes]]:
    """Address and PDF of every mail that was sent."""
    return sorted((sent.to[0], sent.attachments[0][1]) for sent in mail.outbox)


def render_until_the_disk_is_full() -> None:
    """Render what is owed in a process whose files, after the first few, may not grow."""

    def work() -> None:
        for number, job in enumerate(running.due().filter(kind="invoices.render")):
            if number == FIT:
                resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM, ROOM))
            running.run(job.pk)

    assert killing.apart(work, schema="acme")


@pytest.mark.rel(38)
@pytest.mark.django_db(transaction=True)
def test_pdfs_arrive_when_there_is_room_again(documents: list[Document], tmp_path: Path, settings: Any) -> None:
    drawn: dict[str, bytes] = {}

    def tell() -> None:
        story.do_all()
        drawn.update(papers())

    settings.MEDIA_ROOT = tmp_path / "undisturbed"
    undisturbed = story.rolled_back(tell)
    sent = posted()
    mail.outbox.clear()
    settings.MEDIA_ROOT = tmp_path / "full"

    render_until_the_disk_is_full()
    tries = Counter(Job.objects.filter(kind="invoices.render").values_list("state", "attempts"))

    assert tries == {(Job.State.DONE, 1): FIT, (Job.State.PENDING, 1): DOCUMENTS - FIT}
    assert all("File too large" in job.error for job in Job.objects.filter(kind="invoices.render", state=Job.State.PENDING))
    assert len([path for path in settings.MEDIA_ROOT.rglob("*") if path.is_file()]) == len(papers()) == FIT
    assert sorted(Document.objects.values_list("number", flat=True)) == sorted(document.number for document in documents)
    assert outcome.broken() == []

    Job.objects.filter(state=Job.State.PENDING).update(due_at=timezone.now())
    story.do_all()

    assert outcome.unlike(undisturbed) == []
    assert (papers(), posted()) == (drawn, sent)
    assert len(drawn) == len(sent) == DOCUMENTS
