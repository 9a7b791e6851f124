"""The list of features tells the truth about where its tests are."""

import re

from tests.architecture import source

ROWS = {"E": 63, "P": 29, "M": 14, "S": 35, "A": 43}
LINE = re.compile(r"\| ([EPMSA])(\d+(?:\.\d+)?) \| [^|]+ \| ([^|]+) \| (?:`(tests/[\w/]+\.py)`)? ?\|")


def rows() -> list[tuple[str, str, str, str | None]]:
    text = (source.ROOT / "docs" / "features.md").read_text()
    return [(row[1], row[2], row[3], row[4]) for row in map(LINE.fullmatch, text.splitlines()) if row]


def test_every_row_of_the_checklist_has_its_line() -> None:
    counted = {letter: len([row for row in rows() if row[0] == letter]) for letter in ROWS}
    assert counted == ROWS


def test_every_row_that_works_names_a_test_that_exists() -> None:
    lost = [f"{letter}{number}: {test}" for letter, number, works, test in rows() if works != "not yet" and not (test and (source.ROOT / test).exists())]
    assert lost == []


def test_a_row_that_does_not_work_names_no_test() -> None:
    assert [f"{letter}{number}" for letter, number, works, test in rows() if works == "not yet" and test] == []
