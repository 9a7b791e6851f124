from pathlib import Path

import pytest

from invoicing.documents import checks


def test_with_pango_there_is_nothing_to_say() -> None:
    assert checks.pango(None) == []


def test_without_pango_the_one_line_to_run_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "LIBRARIES", (("libnosuch.so.9",),))

    [warning] = checks.pango(None)

    assert (warning.id, warning.hint) == ("invoicing.W001", "Run: sudo apt-get install -y libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0")


def test_without_noto_fonts_it_is_said_and_with_them_not(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(checks, "FONT_FOLDERS", (str(tmp_path), str(tmp_path / "none")))
    monkeypatch.setattr(checks, "MAC_FONTS", tmp_path / "none")

    assert [message.id for message in checks.fonts(None)] == ["invoicing.I001"]
    (tmp_path / "NotoSansCJK-Regular.ttc").touch()
    assert checks.fonts(None) == []
