"""A large rates file is kept as it came, piece by piece."""

import hashlib
import io
from typing import Any

import pytest
from django.core.files.uploadedfile import InMemoryUploadedFile

from rateplans.domain import large_files, loading
from rateplans.models import RateImport
from tests.rateplans.steps import HOUR, NOON, made
from tests.support.world import jane

pytestmark = pytest.mark.django_db
ANY_BYTES = bytes(range(256))


def take_in(name: str, content: bytes) -> RateImport:
    """As a browser sends it."""
    sent = InMemoryUploadedFile(io.BytesIO(content), "file", name, "text/csv", len(content), None)
    return large_files.take_in(made(), name, sent, "add", jane, at=NOON, in_force_from=NOON - HOUR)


@pytest.mark.parametrize("name", ["rates.csv", "a\tb\\c\nd\re.csv", "\\N", "ä" * 300])
def test_any_bytes_of_a_file_of_any_name_are_kept(acme: Any, name: str) -> None:
    key = take_in(name, ANY_BYTES * 2).pk

    kept = RateImport.objects.get(pk=key)
    assert (bytes(kept.content), kept.sha256) == (ANY_BYTES * 2, hashlib.sha256(ANY_BYTES * 2).hexdigest())
    assert (kept.file_name, kept.made_by, kept.mode, kept.state) == (name[:200], "Jane Whitfield", "add", "reading")
    assert (kept.created_at, kept.since, kept.found) == (NOON, NOON - HOUR, None)


@pytest.mark.rel(59)
def test_no_more_of_a_file_is_held_than_a_piece(acme: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    held: list[int] = []
    asked = loading.Lines.read

    def counting(self: Any, size: int = -1) -> str:
        given = asked(self, size)
        held.append(len(given) + len(self._rest))
        return given

    monkeypatch.setattr(loading.Lines, "read", counting)
    take_in("large.csv", ANY_BYTES * 8_000)
    assert len(held) > 100
    assert max(held) < 5 * large_files.PIECE
