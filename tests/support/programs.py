"""Tests that need a program carry its marker; where the program is missing they are deselected and the run says so."""

import os
import shutil

import pytest

PROGRAMS = {"chromium": ("chromium",), "browser": ("chromium",), "poppler": ("pdftotext", "pdftoppm"), "pgbouncer": ("pgbouncer",)}


def chromium() -> str | None:
    """The browser to drive: the variable CHROMIUM, or the first that is installed."""
    names = (os.environ.get("CHROMIUM") or "chromium", "chromium-browser", "google-chrome")
    return next((found for name in names if (found := shutil.which(name))), None)


def missing() -> dict[str, list[str]]:
    """Markers whose programs are not installed, with the programs."""
    lacking = {marker: [name for name in names if not _installed(name)] for marker, names in PROGRAMS.items()}
    return {marker: names for marker, names in lacking.items() if names}


def deselect(config: pytest.Config, items: list[pytest.Item]) -> None:
    lacking = missing()
    affected = [item for item in items if any(item.get_closest_marker(marker) for marker in lacking)]
    if not affected:
        return
    if os.environ.get("CI", "").lower() == "true":
        raise pytest.UsageError(f"With CI=true every program must be there: {_names(lacking)} missing.")
    config.hook.pytest_deselected(items=affected)
    items[:] = [item for item in items if item not in affected]


def closing_line() -> str | None:
    lacking = missing()
    return (
        f"Deselected for want of {_names(lacking)}: tests marked {', '.join(sorted(lacking))} (script/setup --all installs what they need)."
        if lacking
        else None
    )


def _installed(name: str) -> bool:
    return chromium() is not None if name == "chromium" else shutil.which(name) is not None


def _names(lacking: dict[str, list[str]]) -> str:
    return ", ".join(sorted({name for names in lacking.values() for name in names}))
