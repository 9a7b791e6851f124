"""A logo comes in as pixels or not at all."""

import io
import struct
import zlib
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from PIL import Image, ImageFile, ImageOps
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


def chunk(kind: bytes, data: bytes) -> bytes:
    """A chunk of a PNG."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def segment(marker: int, data: bytes) -> bytes:
    """A segment of a JPEG."""
    return struct.pack(">BBH", 0xFF, marker, len(data) + 2) + data


def png_claiming(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says it is this large."""
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
@pytest.mark.parametrize(
    "endless",
    [
        segment(0xDA, b"\1\1\0\0\x3f\0") * 201,
        segment(0xE1, b"Exif\0\0") * 1_001,
        segment(0xFE, b"") * 1_001,
        b"\xff\xd0" * 1_001,
        segment(0xE1, b"\xff\xda") * 10 + b"junk\xff\0\xff\xff" + segment(0xE2, b"") * 991,
    ],
    ids=["scans", "exif", "comments", "marks", "disguised"],
)
def test_a_jpeg_of_scans_or_segments_without_end_is_refused_before_it_is_drawn(endless: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each segment of Exif is a copy of all before it, each scan a walk over all pixels: 5 MB of them take minutes of a web process."""
    jpeg = picture("JPEG")
    monkeypatch.delattr(Image, "open")

    with pytest.raises(DomainError, match="Choose a PNG or JPEG picture"):
        logos.clean(jpeg[:2] + endless + jpeg[2:])


@pytest.mark.rel(81)
@pytest.mark.parametrize(
    "besides",
    [
        segment(0xE1, b"Exif\0\0MM\0*\0\0\0\x08\0\0" + picture("JPEG") + bytes(60_000)),
        segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0<x/>") + segment(0xE2, b"ICC_PROFILE\0\1\1" + bytes(3_000)) + segment(0xED, b"Photoshop 3.0\0"),
        segment(0xE1, b"http://ns.adobe.com/xmp/extension/\0" + bytes(65_000)) * 70,
        segment(0xFE, b"") + b"junk" + b"\xff" * 100,
    ],
    ids=["thumbnail", "profile", "depth", "padding"],
)
@pytest.mark.parametrize("progressive", [False, True])
def test_what_cameras_and_programs_put_into_a_jpeg_is_put_up_with(besides: bytes, progressive: bool) -> None:
    jpeg = picture("JPEG", progressive=progressive)
    motion = b"\0\0\0\x18ftypmp42" + b"\xff\xda" * 100

    assert logos.clean(jpeg[:2] + besides + jpeg[2:] + motion).startswith(b"\x89PNG")


@pytest.mark.rel(81)
@pytest.mark.parametrize("kind", [b"iCCP", b"zTXt", b"iTXt", b"tEXt", b"prVt", b"acTL", b"sPLT"])
def test_of_a_png_nothing_is_read_but_what_draws_it(kind: bytes) -> None:
    """A thousand bytes are a profile or text of a megabyte: 5 MB of them take minutes of a web process. Texts of some names break the drawing."""
    png, packed = picture("PNG"), zlib.compress(bytes(100_000))[:-1] + b"x"
    named = {b"iTXt": b"xmp\0\1\0\0\0", b"tEXt": b"transparency\0"}.get(kind, b"xmp\0\0")
    besides = chunk(kind, named + packed)

    assert logos.bare(png[:33] + besides * 100 + png[33:] + besides) == png
    assert logos.clean(png[:33] + besides + png[33:]) == logos.clean(png)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_a_png_of_any_kind_keeps_what_draws_it(mode: str) -> None:
    out = io.BytesIO()
    Image.new(mode, (40, 20), 1 if mode in {"1", "L", "P", "I;16"} else None).save(out, format="PNG", **({"transparency": 1} if mode in {"L", "P"} else {}))

    assert logos.bare(out.getvalue()) == out.getvalue()
    assert logos.clean(out.getvalue()).startswith(b"\x89PNG")


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
@pytest.mark.parametrize("orientation", range(10))
def test_a_photo_stands_upright(kind: str, orientation: int) -> None:
    exif, out = Image.Exif(), io.BytesIO()
    exif[0x0112] = orientation
    drawn = Image.new("L", (40, 20))
    drawn.paste(Image.linear_gradient("L").resize((40, 10)), (0, 0))
    drawn.save(out, format=kind, exif=exif)

    with Image.open(out) as photo, Image.open(io.BytesIO(logos.clean(out.getvalue()))) as upright:
        expected = ImageOps.exif_transpose(photo)
        assert upright.size == ((20, 40) if orientation in range(5, 9) else (40, 20))
        assert upright.convert("L").tobytes() == expected.convert("L").tobytes()


@pytest.mark.rel(81)
@pytest.mark.parametrize("kind", [2, 3, 4, 5, 7, 12])
def test_a_photo_that_says_nonsense_of_itself_is_drawn_all_the_same(kind: int) -> None:
    turned, nonsense = struct.pack(">HHLHH", 0x112, 3, 1, 6, 0), (struct.pack(">HHLL", number, kind, 1, 8) for number in range(0x90, 0x112))
    tags = turned + b"".join(nonsense)
    exif = b"MM\0*\0\0\0\x08" + struct.pack(">H", 0x83) + tags + bytes(4)

    for photo in (picture("PNG"), picture("JPEG")):
        besides = chunk(b"eXIf", exif) if photo.startswith(b"\x89") else segment(0xE1, b"Exif\0\0" + exif)
        at = 33 if photo.startswith(b"\x89") else 2
        with Image.open(io.BytesIO(logos.clean(photo[:at] + besides + photo[at:]))) as drawn:
            assert drawn.size == (20, 40)


@pytest.mark.rel(81)
@pytest.mark.parametrize("head", [b"", b"II*\0", b"MM\0*", b"II+\0\0\0\0\0", b"II*\0\xff\xff\xff\xff", b"nonsense"])
def test_a_photo_whose_exif_has_no_beginning_is_drawn_as_it_stands(head: bytes) -> None:
    png, jpeg = picture("PNG"), picture("JPEG", dpi=(72, 72))
    for photo in (png[:33] + chunk(b"eXIf", head) + png[33:], jpeg[:20] + segment(0xE1, b"Exif\0\0" + head) + jpeg[20:]):
        with Image.open(io.BytesIO(logos.clean(photo))) as drawn:
            assert drawn.size == (40, 20)


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
