"""The project's own source files, as the rules of the architecture read them."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
APPS = ("billing_portal", "rateplans", "customers", "invoicing")


def python_files(*folders: str) -> Iterator[Path]:
    """Python files of these folders (all apps when none is named) without migrations."""
    for folder in folders or APPS:
        place = ROOT / folder
        files = [place] if place.is_file() else sorted(place.rglob("*.py"))
        yield from (file for file in files if "migrations" not in file.parts)


def templates() -> Iterator[Path]:
    for folder in (ROOT / "templates", *(ROOT / app for app in APPS)):
        yield from (file for file in sorted(folder.rglob("*")) if file.suffix in {".html", ".txt"} and "node_modules" not in file.parts)


def functions(file: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def lines_of(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """From the definition to the end; the docstring is told, not done, and does not count."""
    docstring = ast.get_docstring(node, clean=False)
    return (node.end_lineno or node.lineno) - node.lineno + 1 - (docstring.count("\n") + 1 if docstring else 0)


def name(file: Path) -> str:
    return str(file.relative_to(ROOT))
