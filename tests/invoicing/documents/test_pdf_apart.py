"""A PDF is made in a child: what is too large or never ends costs that document alone, and leaves no file."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from billing_portal.kernel.errors import DomainError
from invoicing.documents import child, pdf, store
from invoicing.documents.child import Caps
from invoicing.documents.value import Line
from tests.invoicing.documents.samples import BARE, calls

pytestmark = pytest.mark.filterwarnings("ignore:unclosed file .*sRGB2014:ResourceWarning")
NESTED = "<!doctype html><title>x</title>" + "<div>" * 2_000 + "x" + "</div>" * 2_000


@pytest.fixture
def files(settings: Any, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path / "acme" / "documents"


def names(files: Path) -> list[str]:
    return sorted(path.name for path in files.iterdir()) if files.is_dir() else []


def test_the_child_stores_the_file_and_tells_where(files: Path) -> None:
    stored = pdf.write("acme", "one.pdf", BARE)

    content = store.read("acme", stored.path, stored.sha256)
    assert (stored.path, stored.size) == ("acme/documents/one.pdf", len(content))
    assert content.startswith(b"%PDF-1.7")
    assert names(files) == ["one.pdf"]


@pytest.mark.rel(82)
def test_a_document_over_its_caps_dies_alone_and_leaves_nothing(files: Path) -> None:
    long = replace(BARE, calls=calls(1_500))

    for caps, reason in ((Caps(cpu_seconds=1), "more than 1 s of a processor"), (Caps(wall_seconds=0.5), "not done in 0.5 s")):
        with pytest.raises(DomainError, match=reason):
            pdf.write("acme", "bomb.pdf", long, caps)
    assert names(files) == []
    assert pdf.write("acme", "next.pdf", BARE).size > 10_000


@pytest.mark.rel(82)
@pytest.mark.parametrize(
    "bomb",
    [
        replace(BARE, note="word " * 2_000_000),
        replace(BARE, lines=(Line("Line", Decimal("5.00"), detail="x" * 10_000_000),)),
        replace(BARE, lines=(*BARE.lines, *(Line("Line", Decimal(0)) for _n in range(100_000)))),
        replace(BARE, calls=calls(1) * 20_001),
    ],
    ids=["10 MB of words", "10 MB without a space", "100,000 lines", "20,001 calls"],
)
def test_a_document_beyond_all_measure_is_refused_before_it_is_laid_out(bomb: Any, files: Path) -> None:
    with pytest.raises(DomainError, match="document_too_large"):
        pdf.write("acme", "bomb.pdf", bomb)
    assert names(files) == []


@pytest.mark.rel(82)
def test_two_thousand_nested_tags_end_in_a_reason() -> None:
    pdf.warm()

    with pytest.raises(DomainError, match="it is nested too deeply"):
        child.run(lambda: {"size": len(pdf.from_html(NESTED, {}))})


@pytest.mark.rel(38)
def test_a_full_disk_is_told_as_such_and_leaves_nothing(files: Path) -> None:
    files.parent.mkdir()
    files.write_text("in the way of the folder")

    with pytest.raises(OSError, match=r"File exists|Not a directory"):
        pdf.write("acme", "one.pdf", BARE)


def test_what_a_killed_child_was_writing_is_removed(files: Path) -> None:
    store.write("acme", "two.pdf", b"other")
    (files / ".writing-one.pdf-abc").write_bytes(b"half")
    (files / ".writing-two.pdf-abc").write_bytes(b"half")

    store.drop_unfinished("acme", "one.pdf")

    assert names(files) == [".writing-two.pdf-abc", "two.pdf"]
