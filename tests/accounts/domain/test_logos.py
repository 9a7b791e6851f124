"""A logo comes in as pixels or not at all."""

import io
import struct
import zlib
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from PIL import Image, ImageFile
from PIL.PngImagePlugin import PngInfo

from billing_portal.accounts.domain import logos
from billing_portal.kernel.errors import DomainError
from billing_portal.tenancy.models import Reseller

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"><image xlink:href="http://127.0.0.1/x"/></svg>'
EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\nshowpage\n%%EOF"


def picture(kind: str, size: tuple[int, int] = (40, 20), **save: object) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "#00647e").save(out, format=kind, **save)
    return out.getvalue()


def png_claiming(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says it is this large."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")


@pytest.mark.rel(81)
@pytest.mark.parametrize(("kind", "mode"), [("PNG", "RGB"), ("JPEG", "RGB"), ("JPEG", "L"), ("JPEG", "CMYK"), ("PNG", "P")])
def test_png_and_jpeg_are_drawn_anew_as_png(kind: str, mode: str) -> None:
    out = io.BytesIO()
    Image.new("RGB", (40, 20), "#00647e").convert(mode).save(out, format=kind)

    with Image.open(io.BytesIO(logos.clean(out.getvalue()))) as drawn:
        assert (drawn.format, drawn.size) == ("PNG", (40, 20))


def test_one_that_was_stored_as_jpeg_is_drawn_anew_by_the_upgrade(acme: Any) -> None:
    upgrade = import_module("billing_portal.tenancy.migrations.0005_logos_are_png")
    kept = picture("PNG")
    Reseller.objects.filter(schema_name="acme").update(logo=picture("JPEG"))
    Reseller.objects.filter(schema_name="globex").update(logo=kept)

    upgrade.redraw(apps, None)
    with Image.open(io.BytesIO(bytes(Reseller.objects.get(schema_name="acme").logo or b""))) as drawn:
        assert (drawn.format, drawn.size) == ("PNG", (40, 20))
    assert bytes(Reseller.objects.get(schema_name="globex").logo or b"") == kept


@pytest.mark.rel(81)
def test_a_picture_of_scans_or_profiles_without_end_is_refused_before_it_is_drawn() -> None:
    """Twelve bytes are a whole scan of a JPEG, a thousand a profile of a megabyte in a PNG: 5 MB of them take minutes of a web process."""
    jpeg, png = picture("JPEG", progressive=True), picture("PNG", icc_profile=b"x" * 100_000)
    scan, profile = jpeg[jpeg.rfind(b"\xff\xda") : -2], png[33 : png.find(b"IDAT") - 4]
    assert png[37:41] == b"iCCP"

    for endless in (jpeg[:-2] + scan * 1_000 + jpeg[-2:], png[:33] + profile * 100 + png[33:]):
        with pytest.raises(DomainError, match="Choose a PNG or JPEG picture"):
            logos.clean(endless)
    for honest in (jpeg, png):
        assert logos.clean(honest).startswith(b"\x89PNG")


def test_a_large_logo_is_made_smaller() -> None:
    with Image.open(io.BytesIO(logos.clean(picture("PNG", (1600, 400))))) as drawn:
        assert drawn.size == (800, 200)


@pytest.mark.rel(81)
def test_what_is_hidden_in_the_file_is_gone() -> None:
    notes = PngInfo()
    notes.add_text("Comment", "<script>alert(1)</script>")
    polyglot = picture("PNG", pnginfo=notes) + b"<?php echo 1; ?>" + SVG

    assert b"script" not in logos.clean(polyglot)
    assert b"php" not in logos.clean(polyglot)
    assert b"svg" not in logos.clean(polyglot)


@pytest.mark.rel(81)
@pytest.mark.parametrize("content", [SVG, EPS, picture("GIF"), picture("BMP"), b"", picture("PNG")[:60], b"\x89PNG\r\n\x1a\nnothing"])
def test_everything_else_is_refused(content: bytes) -> None:
    with pytest.raises(DomainError, match="logo_not_an_image"):
        logos.clean(content)


@pytest.mark.rel(81)
@pytest.mark.parametrize("size", [(50_000, 50_000), (2001, 1000), (9_500, 9_500)])
def test_a_bomb_is_refused_before_it_is_unpacked(size: tuple[int, int]) -> None:
    with pytest.raises(DomainError, match="logo_too_large"):
        logos.clean(png_claiming(*size))


def test_a_file_above_five_megabytes_is_refused() -> None:
    with pytest.raises(DomainError, match="logo_too_large"):
        logos.clean(picture("PNG") + b"\0" * logos.MAX_BYTES)


@pytest.mark.rel(81)
def test_a_broken_file_is_refused_in_a_process_that_renders_documents_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)  # as the PDF engine sets it

    with pytest.raises(DomainError, match="logo_not_an_image"):
        logos.clean(picture("PNG")[:60])
