"""A reseller's logo: taken in only as pixels, whatever the file claims to be (reliability 81)."""

import io
import re
import struct
import warnings

from django.utils.translation import gettext as _
from PIL import ExifTags, Image, ImageFile

from billing_portal.kernel.errors import DomainError, require

MAX_PIXELS = 2_000_000
MAX_BYTES = 5 * 1024 * 1024
WIDEST = (800, 400)
FIELD = "logo"
JPEG, SCAN, MOST_SCANS = b"\xff\xd8", b"\xff\xda", 200  # a picture has ten; each is a walk over all pixels, and need be no longer than twelve bytes
MARKER, MOST_MARKERS = re.compile(rb"\xff([\x01-\xfe])"), 1_000  # before the first scan; one of 64 KB is as long as it gets, and 5 MB hold eighty
ALONE = frozenset({0xC8, *range(0xD0, 0xDA), *range(0xF0, 0xFE)})  # markers that no length follows
PNG, DRAWS, LAST = b"\x89PNG\r\n\x1a\n", frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"eXIf"}), b"IEND"
NONSENSE = (struct.error, SyntaxError, ValueError)  # what the imaging library raises at an Exif that has no beginning
Turn = Image.Transpose
UPRIGHT = {
    2: Turn.FLIP_LEFT_RIGHT,
    3: Turn.ROTATE_180,
    4: Turn.FLIP_TOP_BOTTOM,
    5: Turn.TRANSPOSE,
    6: Turn.ROTATE_270,
    7: Turn.TRANSVERSE,
    8: Turn.ROTATE_90,
}  # what undoes an orientation of Exif


def clean(content: bytes) -> bytes:
    """The picture drawn anew as PNG, at most 800 by 400. Raises `logo_too_large`, `logo_not_an_image` (also for SVG, EPS and broken files)."""
    require(len(content) <= MAX_BYTES, "logo_too_large", _("The file is larger than 5 MB."), field=FIELD)
    if _is_laborious(content):
        raise _not_an_image()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            warnings.simplefilter("ignore", UserWarning)  # of what it says of itself, which is not looked at
            return _redraw(bare(content))
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as bomb:
        raise _too_large() from bomb
    except (OSError, SyntaxError, ValueError) as broken:
        raise _not_an_image() from broken


def _is_laborious(content: bytes) -> bool:
    """Whether drawing a JPEG takes minutes, however few its pixels are (reliability 59)."""
    return content.startswith(JPEG) and (content.count(SCAN) > MOST_SCANS or _has_markers_without_end(content))


def _has_markers_without_end(content: bytes) -> bool:
    """Whether more stands before the first scan than cameras and programs write: the imaging library copies what it has for each segment of Exif."""
    at = len(JPEG)
    for _count in range(MOST_MARKERS):
        found = MARKER.search(content, at)
        if found is None or found[0] == SCAN:
            return False
        at = found.end()
        if content[at - 1] not in ALONE:
            at += max(int.from_bytes(content[at : at + 2]), 2)
    return True


def bare(content: bytes) -> bytes:
    """A PNG with nothing in it but what draws it: profiles and texts are unpacked to a thousand times their length (reliability 59). Others as they are."""
    if not content.startswith(PNG):
        return content
    kept, at, kind = [PNG], len(PNG), b""
    while at < len(content) and kind != LAST:
        kind, end = content[at + 4 : at + 8], at + 12 + int.from_bytes(content[at : at + 4])
        if kind in DRAWS or kind == LAST:
            kept.append(content[at:end])
        at = end
    return b"".join(kept)


def _redraw(content: bytes) -> bytes:
    with Image.open(io.BytesIO(content), formats=("PNG", "JPEG")) as opened:
        if opened.width * opened.height > MAX_PIXELS:
            raise _too_large()
        mode = "RGB" if opened.format == "JPEG" else "RGBA"
        _load_whole(opened)
        picture = _upright(opened).convert(mode)
    picture.thumbnail(WIDEST)
    picture.info.clear()
    out = io.BytesIO()
    picture.save(out, format="PNG", optimize=True)
    return out.getvalue()


def _upright(opened: Image.Image) -> Image.Image:
    """The picture as its camera was held; what else it says of itself is not looked at."""
    try:
        turn = UPRIGHT.get(opened.getexif().get(ExifTags.Base.Orientation, 1))
    except NONSENSE:
        turn = None
    return opened if turn is None else opened.transpose(turn)


def _load_whole(opened: ImageFile.ImageFile) -> None:
    """Read all pixels; a file that ends early is broken, although the PDF engine tells the imaging library of its process to put up with it."""
    lenient = ImageFile.LOAD_TRUNCATED_IMAGES
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    try:
        opened.load()
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = lenient


def _too_large() -> DomainError:
    return DomainError("logo_too_large", _("The picture has more than 2 million pixels. Make it smaller, for example 800 by 400."), field=FIELD)


def _not_an_image() -> DomainError:
    return DomainError("logo_not_an_image", _("Choose a PNG or JPEG picture; other kinds, such as SVG or EPS, cannot be used."), field=FIELD)
