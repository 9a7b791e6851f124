"""The page of promises tells the truth about its tests."""

from tests import sizes
from tests.reliability import record, report

ROWS = 98


def test_every_row_of_the_checklist_is_there_once_and_in_order() -> None:
    assert [each["row"] for part in report.parts() for each in part["rows"]] == list(range(1, ROWS + 1))


def test_every_promise_has_a_test() -> None:
    held = report.tests()
    assert [each["row"] for part in report.parts() for each in part["rows"] if "promise" in each and not held.get(each["row"])] == []


def test_what_is_not_promised_says_what_it_waits_for() -> None:
    held = report.tests()
    assert [each["row"] for part in report.parts() for each in part["rows"] if "promise" not in each and (held.get(each["row"]) or not each["needs"])] == []


def test_every_size_that_the_page_tells_is_one_that_some_test_takes() -> None:
    named = {name for name, value in vars(sizes).items() if type(value) is int and name.isupper()}

    assert named - report.sizes_used() == set()
    assert set(record.sizes_of_tests()) == named
    assert set(report.figures()["sizes"]) <= report.sizes_used()


def test_the_page_is_what_script_reliability_writes() -> None:
    assert report.TARGET.read_text() == report.text(report.figures())
