"""Private files of documents: written whole or not at all, read only inside the reseller's own folder."""

import os
import re
import tempfile
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _

from billing_portal.kernel.errors import require

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,150}")
FOLDER = "documents"


@dataclass(frozen=True)
class Stored:
    """A stored file: its path under the storage root, the SHA-256 of its content in hex, its size in bytes."""

    path: str
    sha256: str
    size: int


def write(schema: str, name: str, content: bytes) -> Stored:
    """Store a document's file for one reseller; a full disk leaves no half file and the old one untouched (row 38).

    Raises `document_name` for a name that is not plain, OSError when the disk is full.
    """
    require(bool(NAME.fullmatch(schema) and NAME.fullmatch(name)), "document_name", _("This is not a name for a file."))
    target = _root() / schema / FOLDER / name
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(prefix=_unfinished(name), dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    _sync_folder(target.parent)
    return Stored(f"{schema}/{FOLDER}/{name}", sha256(content).hexdigest(), len(content))


def drop_unfinished(schema: str, name: str) -> None:
    """Remove what a process left that was killed while it wrote this file."""
    for path in (_root() / schema / FOLDER).glob(f"{_unfinished(name)}*"):
        path.unlink(missing_ok=True)


def read(schema: str, path: str, digest: str = "") -> bytes:
    """The content of a stored file, if it lies in this reseller's folder and is what was written.

    Raises `document_not_found` and, when `digest` is given and differs, `document_damaged`.
    """
    folder = (_root() / schema / FOLDER).resolve()
    file = (_root() / path).resolve()
    inside = bool(NAME.fullmatch(schema)) and folder.is_relative_to(_root()) and file.is_relative_to(folder) and file.is_file()
    require(inside, "document_not_found", _("This file does not exist."))
    content = file.read_bytes()
    require(not digest or sha256(content).hexdigest() == digest, "document_damaged", _("This file is not what was stored."))
    return content


def _unfinished(name: str) -> str:
    return f".writing-{name}-"


def _root() -> Path:
    return Path(settings.MEDIA_ROOT).resolve()


def _sync_folder(folder: Path) -> None:
    """Make the new name durable, not only the content."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
