"""Tabler's outline icons, drawn into the page."""

from __future__ import annotations

import re
from functools import cache

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from billing_portal.env import BASE_DIR

FOLDER = BASE_DIR / "node_modules" / "@tabler" / "icons" / "icons" / "outline"
NAME = re.compile(r"[a-z0-9-]+")
SHAPE = re.compile(r"<(?:path|circle|rect|line|polyline|polygon|ellipse)\b[^>]*/>")
PICTURE = (
    '<svg class="bp-icon{}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">{}</svg>'
)
EMPTY = 'd="M0 0h24v24H0z"'


@cache
def drawn(name: str, size: str = "") -> SafeString:
    """The icon as SVG, hidden from screen readers. Raises LookupError for a name that Tabler has not."""
    file = FOLDER / f"{name}.svg"
    if not NAME.fullmatch(name) or not file.is_file():
        raise LookupError(f"no such icon: {name}")
    shapes = "".join(shape for shape in SHAPE.findall(file.read_text(encoding="utf-8")) if EMPTY not in shape)
    # mark_safe: the shapes come from a file of the pinned icon package, never from a visitor
    return format_html(PICTURE, f" bp-icon-{size}" if size else "", mark_safe(shapes))
