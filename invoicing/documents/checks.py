"""System checks of what the PDF needs from the machine."""

import ctypes
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Info, Warning

LIBRARIES = (
    ("libpango-1.0.so.0", "libpango-1.0.0.dylib"),
    ("libpangoft2-1.0.so.0", "libpangoft2-1.0.0.dylib"),
    ("libharfbuzz-subset.so.0", "libharfbuzz-subset.0.dylib"),
)
PANGO = "sudo apt-get install -y libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"
NOTO = "sudo apt-get install -y fonts-noto-core fonts-noto-cjk fonts-noto-color-emoji"
FONT_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.fonts", "~/.local/share/fonts")
MAC_FONTS = Path("/System/Library/Fonts")


def pango(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Warn when PDFs cannot be made; invoices are issued all the same and their PDFs follow later."""
    if all(any(_loads(name) for name in names) for names in LIBRARIES):
        return []
    return [Warning("Pango is missing, so no PDF can be made.", hint=f"Run: {PANGO}", id="invoicing.W001")]


def fonts(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Tell when names in Chinese, Japanese, Korean and others would be boxes in PDFs."""
    folders = [Path(folder).expanduser() for folder in FONT_FOLDERS]
    if MAC_FONTS.is_dir() or any(next(folder.rglob("NotoSansCJK*"), None) for folder in folders if folder.is_dir()):
        return []
    return [Info("Noto fonts are missing, so some scripts show as boxes in PDFs.", hint=f"Run: {NOTO}", id="invoicing.I001")]


def _loads(name: str) -> bool:
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True
