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

from invoicing.documents import call_fonts, call_pages, child, html, store
from invoicing.documents.child import CAPS, Caps, RenderingRefusedError
from invoicing.documents.store import Stored
from invoicing.documents.value import InvoiceDocument

BASE = "https://documents.invalid/"
COLOURS = "paper"
BRAND = BASE + "brand.css"
LOGO = BASE + "logo.png"
COUNTED = BASE + "counted.css"
COUNTED_CSS = b"@page { @bottom-right { content: string(number) string(page) counter(page) string(of) } }"
STYLESHEET = "documents/v1/invoice.css"
WEIGHTS = (400, 500, 600, 700)  # that the stylesheet asks for
FACES = BASE + "faces.css"
TAGGED, READABLE = "pdf/a-3a", "pdf/a-3u"
TYPES = {".css": "text/css", ".png": "image/png", ".woff2": "font/woff2"}
WARM_UP = "<!doctype html><html lang=en><h1>x</h1><p class=due><b>x</b></p><table><caption>x</caption><tr><th>x<small>x</small></th><td>x</td></tr></table>"
_warming = Lock()


def write(schema: str, name: str, document: InvoiceDocument, caps: Caps = CAPS) -> Stored:
    """Make the PDF in a child of its own and store it for a reseller: whatever the document does there, this process and others go on (row 82).

    Raises `pdf_failed` with the reason, `document_too_large`, RenderingRefusedError, and OSError when the disk is full (row 38).
    """
    warm()
    if html.follow(document):
        call_fonts.warm(_static)

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

    With more than 2,000 calls it is PDF/A-3u: the pages that list them are drawn and put behind the others.
    Raises `document_too_large`, and RenderingRefusedError when anything but the bundle is asked for (rows 80, 82).
    """
    logo = document.seller.logo
    own = {BRAND: html.brand_css(document.seller.brand).encode(), COUNTED: COUNTED_CSS, **({LOGO: logo} if logo else {})}

    def page(*more: str, pages: int | None = None) -> str:
        return html.render(document, stylesheets=[BRAND, *more], logo=LOGO if logo else "", pages=pages)

    if not html.follow(document):
        return from_html(page(), own)
    drawn = call_pages.count(len(document.calls))
    before = len(_laid_out(page(COUNTED, pages=drawn), own, READABLE).pages)
    branded = from_html(page(COUNTED, pages=before + drawn), own, READABLE)
    return _joined(branded, call_pages.draw(document, before=before, total=before + drawn, read=_static))


def from_html(page: str, own: Mapping[str, bytes], variant: str = TAGGED) -> bytes:
    """A page with the document's stylesheet as PDF; `own` holds, by address, the few things of this document alone."""
    with _without_collector(), _refusals():
        made: bytes = _laid_out(page, own, variant).write_pdf(**_options(page, variant))
    return made


def _laid_out(page: str, own: Mapping[str, bytes], variant: str) -> Any:
    """The pages, not yet written."""
    import weasyprint

    fonts, stylesheet = _shared()
    source = weasyprint.HTML(string=page, base_url=BASE, url_fetcher=fetcher(own))
    with _without_collector(), _refusals():
        return source.render(font_config=fonts, color_profiles={COLOURS: _colours()}, stylesheets=[*stylesheet], **_options(page, variant))


@contextmanager
def _refusals() -> Iterator[None]:
    """A refusal of the fetcher, which ends the rendering, in our own words."""
    from weasyprint.urls import FatalURLFetchingError

    try:
        yield
    except FatalURLFetchingError as refusal:
        raise RenderingRefusedError(str(refusal)) from refusal


def _options(page: str, variant: str) -> dict[str, Any]:
    """What both laying out and writing are told."""
    return {"pdf_variant": variant, "output_intent": COLOURS, "pdf_identifier": sha256(page.encode()).digest()[:16]}


def _joined(branded: bytes, drawn: bytes) -> bytes:
    """One PDF: the pages that were laid out, then those that were drawn."""
    import pikepdf

    out = BytesIO()
    with pikepdf.open(BytesIO(branded)) as whole, pikepdf.open(BytesIO(drawn)) as more:
        for page in more.pages:
            if "/Trans" in page.obj:
                del page.obj["/Trans"]
            whole.pages.append(page)
        whole.save(out, deterministic_id=True)
    return out.getvalue()


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
    faces = list(_faces())
    rules = "".join(rule for _file, rule in faces)
    bundled = fetcher({FACES: rules.encode(), BASE + STYLESHEET: _static(STYLESHEET), **{BASE + file: _static(file) for file, _rule in faces}})
    sheets = tuple(weasyprint.CSS(url=url, font_config=fonts, url_fetcher=bundled) for url in (FACES, BASE + STYLESHEET))
    atexit.register(_shared.cache_clear)  # fonts are freed while Python still stands
    return fonts, sheets


def _faces() -> Iterator[tuple[str, str]]:
    """Each file of the font with the rule that names it. A variable font would be cut to its weights and sizes anew for every document, which takes longer
    than the page; and parts under one name would be taken for one font, with the letters of the wrong one.
    """
    for subset in call_fonts.SUBSETS:
        for weight in WEIGHTS:
            file = f"inter-print/files/inter-{subset}-{weight}-normal.woff2"
            yield file, f'@font-face{{font-family:"Inter {subset}";font-weight:{weight};src:url({file}) format("woff2")}}'


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
