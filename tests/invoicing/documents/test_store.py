import os
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from billing_portal.kernel.errors import DomainError
from invoicing.documents import store

FULL_DISK = """
import resource, sys
from django.conf import settings
settings.configure(MEDIA_ROOT=sys.argv[1], USE_I18N=False)
from invoicing.documents import store
resource.setrlimit(resource.RLIMIT_FSIZE, (262_144, 262_144))
try:
    store.write("acme", "one.pdf", b"x" * 1_000_000)
except OSError as full:
    print(full.errno)
"""


@pytest.fixture
def root(settings: Any, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path / "files"
    return tmp_path / "files"


def test_a_file_is_read_back_as_it_was_written(root: Path) -> None:
    stored = store.write("acme", "one.pdf", b"%PDF-1.7")

    assert stored == store.Stored("acme/documents/one.pdf", sha256(b"%PDF-1.7").hexdigest(), 8)
    assert store.read("acme", stored.path, stored.sha256) == b"%PDF-1.7"
    assert os.listdir(root / "acme" / "documents") == ["one.pdf"]


def test_nobody_else_on_the_machine_may_read_it(root: Path) -> None:
    store.write("acme", "one.pdf", b"%PDF-1.7")

    assert (root / "acme" / "documents" / "one.pdf").stat().st_mode & 0o077 == 0


@pytest.mark.rel(38)
def test_a_full_disk_leaves_the_old_file_and_no_half_one(root: Path) -> None:
    stored = store.write("acme", "one.pdf", b"old")

    child = subprocess.run([sys.executable, "-c", FULL_DISK, str(root)], capture_output=True, text=True, check=True)

    assert child.stdout.strip() == "27"  # EFBIG
    assert os.listdir(root / "acme" / "documents") == ["one.pdf"]
    assert store.read("acme", stored.path) == b"old"


@pytest.mark.parametrize(
    "path",
    ["globex/documents/one.pdf", "acme/documents/../../globex/documents/one.pdf", "/etc/passwd", "acme/secret", "acme/documents", "acme/documents/two.pdf"],
)
def test_a_path_outside_the_resellers_folder_cannot_be_read(root: Path, path: str) -> None:
    for schema in ("acme", "globex"):
        store.write(schema, "one.pdf", b"%PDF-1.7")
    (root / "acme" / "secret").write_bytes(b"x")

    with pytest.raises(DomainError, match="document_not_found"):
        store.read("acme", path)


def test_a_link_out_of_the_folder_cannot_be_read(root: Path) -> None:
    store.write("globex", "one.pdf", b"%PDF-1.7")
    store.write("acme", "one.pdf", b"%PDF-1.7")
    (root / "acme" / "documents" / "link.pdf").symlink_to(root / "globex" / "documents" / "one.pdf")

    with pytest.raises(DomainError, match="document_not_found"):
        store.read("acme", "acme/documents/link.pdf")


def test_a_file_that_was_tampered_with_is_told(root: Path) -> None:
    stored = store.write("acme", "one.pdf", b"%PDF-1.7")
    (root / stored.path).write_bytes(b"%PDF-1.8")

    with pytest.raises(DomainError, match="document_damaged"):
        store.read("acme", stored.path, stored.sha256)


@pytest.mark.parametrize(
    ("schema", "name"), [("acme", "../one.pdf"), ("acme", "a/b.pdf"), ("acme", ""), ("acme", ".hidden"), ("..", "one.pdf"), ("a/b", "one.pdf"), ("", "one.pdf")]
)
def test_a_name_that_is_more_than_a_name_cannot_be_written(root: Path, schema: str, name: str) -> None:
    with pytest.raises(DomainError, match="document_name"):
        store.write(schema, name, b"x")
