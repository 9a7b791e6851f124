"""Doors that are shut: what money code, views and templates may not contain."""

import ast
import re
from pathlib import Path

import pytest

from tests.architecture import source

MONEY = ("billing_portal/kernel", "rateplans", "customers", "invoicing", "billing_portal/api", "billing_portal/demo")


def lines_with(pattern: str, *folders: str, but: tuple[str, ...] = ()) -> list[str]:
    found = re.compile(pattern)
    return [
        f"{source.name(file)}:{number}"
        for file in source.python_files(*folders)
        if source.name(file) not in but
        for number, line in enumerate(file.read_text().splitlines(), 1)
        if found.search(line)
    ]


def test_money_is_rounded_in_one_place() -> None:
    assert lines_with(r"\.quantize\(", but=("billing_portal/kernel/money.py",)) == []


def test_money_code_knows_no_float() -> None:
    assert lines_with(r"\bfloat\(|FloatField|\.float64\b", *MONEY) == []


def test_no_number_is_taken_as_the_highest_plus_one() -> None:
    assert lines_with(r"\bMax\(", *MONEY) == []


def test_the_search_path_is_set_by_the_framework_alone() -> None:
    assert lines_with(r"(?i)set\s+(local\s+)?search_path") == []


def test_no_code_of_the_apps_runs_beside_its_request() -> None:
    """A thread or a coroutine would stand in the shared schema (reliability 49); the demo's mailbox serves the machine and no reseller."""
    beside = (
        r"\b(Thread|Timer|Process|ThreadPool\w*|ProcessPool\w*)\(|\b(asyncio|concurrent\.futures|multiprocessing|sync_to_async|async_to_sync)\b|\basync def\b"
    )
    assert lines_with(beside, but=("billing_portal/demo/mailbox.py",)) == []


@pytest.mark.rel(49)
def test_no_thread_and_no_coroutine_of_ours_asks_the_database() -> None:
    """Either would stand in no reseller's schema; the mailbox of the demo receives mail and asks nothing."""
    mailbox = ("billing_portal/demo/mailbox.py",)
    assert lines_with(r"\bThread\(|ThreadPool|\basync def\b|sync_to_async|async_to_sync", but=mailbox) == []


@pytest.mark.rel(55)
def test_nothing_keeps_rows_in_a_process() -> None:
    """These caches hold no row: how the text of one cell reads, the fonts and style sheets of the PDF engine, the types of our own dataclasses."""
    harmless = ("rateplans/domain/rates_cells.py", "invoicing/documents/pdf.py", "invoicing/documents/call_fonts.py", "invoicing/documents/plain_json.py")
    assert (
        lines_with(r"@(functools\.)?(lru_cache|cache)\b", "rateplans", "customers", "invoicing", "billing_portal/accounts", "billing_portal/jobs", but=harmless)
        == []
    )


def test_no_form_takes_whatever_fields_there_are() -> None:
    assert lines_with(r"fields\s*=\s*[\"']__all__|^\s+exclude\s*=") == []


def test_views_fetch_through_the_viewer() -> None:
    views = [str(file.relative_to(source.ROOT)) for file in source.python_files("rateplans", "customers", "invoicing") if "views" in file.parts]
    assert lines_with(r"\bCustomer\.objects\b|\bDocument\.objects\b|\bCall\.objects\b", *views) == []


def test_no_module_is_a_drawer() -> None:
    drawers = {"utils", "services", "helpers", "common", "misc", "signals"}
    assert [source.name(file) for file in source.python_files() if file.stem in drawers] == []


def modules(node: ast.Import | ast.ImportFrom) -> list[str]:
    return [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]


def test_only_slow_or_late_modules_are_imported_inside_functions() -> None:
    """Third-party modules that are slow (weasyprint) and registration at start-up (`apps.py`, `env.py`, `local`) are the exceptions."""
    allowed = {"weasyprint", "reportlab", "pikepdf", "fontTools", "phonenumbers"}
    found = []
    for file in source.python_files():
        if file.name in {"apps.py", "env.py"} or "local" in file.parts or "demo" in file.parts:
            continue
        for function in source.functions(file):
            imports = [node for node in ast.walk(function) if isinstance(node, ast.Import | ast.ImportFrom)]
            named = [(node.lineno, module) for node in imports for module in modules(node)]
            found += [f"{source.name(file)}:{line} {module}" for line, module in named if module.split(".")[0] not in allowed]
    assert found == []


def test_templates_have_no_inline_style_or_script() -> None:
    inline = re.compile(r"\sstyle=|\son[a-z]+=\"|<style|<script(?![^>]*\bsrc=)")

    def bad(file: Path) -> list[str]:
        return [f"{source.name(file)}:{n}" for n, line in enumerate(file.read_text().splitlines(), 1) if inline.search(line)]

    pages = [file for file in source.templates() if file.suffix == ".html" and "emails" not in file.parts and "documents" not in file.parts]
    assert [place for file in pages for place in bad(file)] == []


def test_migrations_are_named_by_what_they_do() -> None:
    named = [source.name(file) for app in source.APPS for file in (source.ROOT / app).rglob("migrations/0*.py")]
    assert [file for file in named if "_auto_" in file or file.endswith("_initial.py")] == []
