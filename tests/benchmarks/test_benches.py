"""Every bench runs to its end at a tiny size and prints lines that programs can read."""

import json
from contextlib import nullcontext
from importlib import import_module
from pathlib import Path

import pytest

from benchmarks import __main__ as runner
from benchmarks import ground, reporting
from benchmarks.measuring import Figure, Scale

KEYS = ["name", "value", "unit", "reference", "reference_value", "ratio", "target", "ok", "peak_mb", "size", "why"]


@pytest.mark.parametrize("name", runner.NAMES)
def test_a_bench_measures_each_of_its_figures_against_something(as_owner: None, name: str) -> None:
    bench = import_module(f"benchmarks.{name}")

    told = [json.loads(figure.line()) for figure in bench.measure(Scale.TINY)]

    assert told
    assert all(list(line) == KEYS for line in told)
    assert all(line["name"].startswith(f"{name} ") for line in told)
    assert all(line["value"] >= 0 and line["reference_value"] > 0 and isinstance(line["ok"], bool) for line in told)
    assert {line["name"] for line in told if line["target"]} <= set(bench.WHY)
    assert all(line["size"] for line in told if line["name"] != "pages first load")
    assert all(bool(line["why"]) is not line["ok"] for line in told)


@pytest.mark.parametrize(
    ("target", "ok"), [("≥ 0.5", True), ("≥ 0.51", False), ("≤ 0.5", True), ("≤ 0.49", False), ("= 0.5", True), ("= 1", False), ("", True)]
)
def test_a_target_bounds_the_ratio(target: str, ok: bool) -> None:
    figure = Figure("ingest file", 4_000, "records/s", "COPY", 8_000, target)

    assert (figure.ratio, figure.ok) == (0.5, ok)


def test_what_is_counted_must_be_exact() -> None:
    lost, kept, doubled = (Figure("ledger exact", count, "transfers", "what the writers posted", 6_245, "= 1").ok for count in (6_244, 6_245, 6_246))

    assert (lost, kept, doubled) == (False, True, False)


def test_a_missed_target_is_told_with_a_sentence_why(as_owner: None, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    missed = Figure("ingest file", 4_000, "records/s", "COPY of the same rows", 8_000, "≥ 0.6", 31.2, "Python writes each record.", size="20,000 calls")
    monkeypatch.setattr(ground, "started", lambda _environment: nullcontext())
    monkeypatch.setattr(import_module("benchmarks.ingest"), "measure", lambda scale: [missed] if scale is Scale.FULL else [])

    assert [runner.run("ingest", as_json=as_json, scale=Scale.FULL) for as_json in (False, True)] == [1, 1]

    out, err = capsys.readouterr()
    first, why, line = out.splitlines()
    assert first == "ingest file: 4,000 records/s, 0.50 of COPY of the same rows (8,000 records/s) (target ≥ 0.6: ok=false), 31 MB; 20,000 calls"
    assert why == "    Python writes each record."
    assert (json.loads(line)["ok"], json.loads(line)["why"], err) == (False, "Python writes each record.", "")


def test_the_page_is_made_of_the_lines_and_explains_what_was_missed(tmp_path: Path) -> None:
    figures = [
        Figure("ledger hot", 100, "transfers/s", "fdatasync", 400, "≥ 0.4", 112, "The row stays locked.", size="8 writers"),
        Figure("ingest memory", 90, "MB", "a file half as long", 90, "≤ 1.1", why="Something is kept.", size="80,000 calls"),
    ]
    (tmp_path / "lines").write_text("".join(f"{figure.line()}\n" for figure in figures))

    reporting.write(tmp_path / "lines", tmp_path / "page.md")

    page = (tmp_path / "page.md").read_text()
    assert "| ledger hot | 8 writers | 100 transfers/s | fdatasync: 400 | 0.25 | ≥ 0.4 | **false** | 112 MB |" in page
    assert "| ingest memory | 80,000 calls | 90 MB | a file half as long: 90 | 1.00 | ≤ 1.1 | true |  |" in page
    assert page.endswith("## Missed\n\n- **ledger hot**: The row stays locked.\n")


def test_a_line_that_is_no_figure_makes_no_page(tmp_path: Path) -> None:
    (tmp_path / "lines").write_text("Traceback (most recent call last):\n")

    with pytest.raises(ValueError, match="Expecting value"):
        reporting.write(tmp_path / "lines", tmp_path / "page.md")
    assert not (tmp_path / "page.md").exists()
