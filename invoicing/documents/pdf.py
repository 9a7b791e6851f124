"""Document value to PDF: tagged PDF/A-3 by WeasyPrint, in a child of a worker that lives long and keeps fonts and stylesheet."""

import atexit
import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from functools import cache
from hashlib import sha256
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from threading import Lock
from typing import Any

from django.contrib.staticfiles import finders

from invoicing.documents import child, html, store
from invoicing.documents.child import CAPS, Caps, RenderingRefusedError
from invoicing.documents.store import Stored
from invoicing.documents.value import InvoiceDocument

BASE = "https://documents.invalid/"
COLOURS = "paper"
BRAND = BASE + "brand.css"
LOGO = BASE + "logo.png"
STYLESHEETS = ("inter/opsz.css", "documents/v1/invoice.css")
SUBSETS = ("latin", "latin-ext", "cyrillic", "cyrillic-ext", "greek", "greek-ext", "vietnamese")
FONTS = tuple(f"inter/files/inter-{subset}-opsz-normal.woff2" for subset in SUBSETS)
TYPES = {".css": "text/css", ".png": "image/png", ".woff2": "font/woff2"}
WARM_UP = "<!doctype html><html lang=en><h1>x</h1><p class=due><b>x</b></p><table><caption>x</caption><tr><th>x<small>x</small></th><td>x</td></tr></table>"
_warming = Lock()


def write(schema: str, name: str, document: InvoiceDocument, caps: Caps = CAPS) -> Stored:
    """Make the PDF in a child of its own and store it for a reseller: whatever the document does there, this process and others go on (row 82).

    Raises `pdf_failed` with the reason, `document_too_large`, RenderingRefusedError, and OSError when the disk is full (row 38).
    """
    warm()

    def work() -> dict[str, Any]:
        _renew_font_map()
        return asdict(store.write(schema, name, render(document)))

    try:
        return Stored(**child.run(work, caps))
    except BaseException:
        store.drop_unfinished(schema, name)
        raise


def warm() -> None:
    """Read fonts and stylesheet and lay out a first page, once in the life of a worker, so that its children find it all done."""
    with _warming:
        _warm()


@cache
def _warm() -> None:
    from_html(WARM_UP, {})


def _renew_font_map() -> None:
    """A font map for this process: newer Pango gives each map a thread, which a fork leaves behind. Fonts that were read stay read."""
    from weasyprint.text.ffi import ffi, gobject, pangoft2

    fonts, _sheets = _shared()
    fonts.font_map = ffi.gc(pangoft2.pango_ft2_font_map_new(), gobject.g_object_unref)
    pangoft2.pango_fc_font_map_set_config(ffi.cast("PangoFcFontMap *", fonts.font_map), fonts._config)
    fonts.strut_layouts.clear()
    fonts.font_features.clear()


def render(document: InvoiceDocument) -> bytes:
    """The document as PDF/A-3a, tagged, with title, author and language; the same value gives the same text (E28).

    Raises `document_too_large`, and RenderingRefusedError when anything but the bundle is asked for (rows 80, 82).
    """
    logo = document.seller.logo
    page = html.render(document, stylesheets=[BRAND], logo=LOGO if logo else "")
    own = {BRAND: html.brand_css(document.seller.brand).encode(), **({LOGO: logo} if logo else {})}
    return from_html(page, own)


def from_html(page: str, own: Mapping[str, bytes]) -> bytes:
    """A page with the document's stylesheet as PDF; `own` holds, by address, the few things of this document alone."""
    import weasyprint
    from weasyprint.urls import FatalURLFetchingError

    fonts, stylesheet = _shared()
    with _without_collector():
        try:
            made: bytes = weasyprint.HTML(string=page, base_url=BASE, url_fetcher=fetcher(own)).write_pdf(
                stylesheets=[*stylesheet],
                font_config=fonts,
                pdf_variant="pdf/a-3a",
                output_intent=COLOURS,
                color_profiles={COLOURS: _colours()},
                pdf_identifier=sha256(page.encode()).digest()[:16],
            )
        except FatalURLFetchingError as refusal:
            raise RenderingRefusedError(str(refusal)) from refusal
    return made


def fetcher(bundle: Mapping[str, bytes]) -> Any:
    """A fetcher that answers with these files, by exact address, and stops the rendering for every other address (row 80)."""
    from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

    class Bundle(URLFetcher):  # type: ignore[misc]  # weasyprint has no types
        def fetch(self, url: str, headers: object = None) -> URLFetcherResponse:
            if url not in bundle:
                raise FatalURLFetchingError(f"A document may not fetch {url[:200]}")
            return URLFetcherResponse(url, bundle[url], {"Content-Type": TYPES[Path(url).suffix]})

    return Bundle()


@cache
def _shared() -> tuple[Any, tuple[Any, ...]]:
    """Fonts and stylesheets, read once in the life of a worker: they cost more than a page does."""
    import weasyprint
    from weasyprint.text.fonts import FontConfiguration

    fonts = FontConfiguration()
    bundled = fetcher({BASE + name: _static(name) for name in (*STYLESHEETS, *FONTS)})
    sheets = tuple(weasyprint.CSS(url=BASE + name, font_config=fonts, url_fetcher=bundled) for name in STYLESHEETS)
    atexit.register(_shared.cache_clear)  # fonts are freed while Python still stands
    return fonts, sheets


def _colours() -> Any:
    """The colour space of the document; WeasyPrint would open the same file anew for every document and leave it open."""
    from weasyprint.css import ColorProfile

    return ColorProfile(BytesIO(_srgb()), "sRGB2014.icc", "relative-colorimetric", (["r"], ["g"], ["b"]))


@cache
def _srgb() -> bytes:
    return (files("weasyprint.pdf") / "sRGB2014.icc").read_bytes()


def _static(name: str) -> bytes:
    """A file of the bundle. A missing font would give a PDF without any text, so it is an error."""
    path = finders.find(name)
    if path is None:
        raise FileNotFoundError(f"{name} is missing: run script/setup, which brings the fonts")
    return Path(path).read_bytes()


@contextmanager
def _without_collector() -> Iterator[None]:
    """No garbage collection while a document is laid out: it is 40 % of the time of a long one and frees nothing."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
