"""The disk is full when a PDF is written: the invoice stays issued, the PDF stays owed, no half file is left (reliability 38)."""

from __future__ import annotations

import resource
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from billing_portal.jobs.domain import running
from billing_portal.jobs.models import Job
from invoicing.domain import ledger_check
from invoicing.models import Document, DocumentFile
from tests.support import killing, months
from tests.support.months import issue, local

ROOM = 4 * 1024  # bytes that a file may have; a PDF needs more


@pytest.fixture
def media(tmp_path: Path, settings: Any) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def files(media: Path) -> list[Path]:
    return [path for path in media.rglob("*") if path.is_file()]


def render_without_room() -> None:
    """Render what is owed in a process whose files may not grow, as on a disk that is full."""

    def work() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM, ROOM))
        for job in running.due().filter(kind="invoices.render"):
            running.run(job.pk)

    assert killing.apart(work, schema="acme")


@pytest.mark.rel(38)
@pytest.mark.django_db(transaction=True)
def test_pdfs_arrive_when_there_is_room_again(acme: Any, media: Path) -> None:
    months.anna()
    [document] = issue("2026-11-01", local("2026-11-02 09:00"))

    render_without_room()
    job = Job.objects.get(kind="invoices.render")

    assert (job.state, job.attempts) == (Job.State.PENDING, 1)
    assert "File too large" in job.error
    assert files(media) == []
    assert list(Document.objects.values_list("number", flat=True)) == [document.number]
    assert DocumentFile.objects.count() == 0

    Job.objects.update(due_at=timezone.now())
    months.run_jobs(but="mail.deliver")

    [file] = files(media)
    assert DocumentFile.objects.get().path == str(file.relative_to(media))
    assert file.read_bytes().startswith(b"%PDF-")
    assert ledger_check.check().differences == []
