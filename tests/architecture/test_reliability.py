"""The page of promises tells the truth about its tests."""

from tests.reliability import report

ROWS = 98


def test_every_row_of_the_checklist_is_there_once_and_in_order() -> None:
    assert [each["row"] for part in report.parts() for each in part["rows"]] == list(range(1, ROWS + 1))


def test_every_promise_has_a_test() -> None:
    held = report.tests()
    assert [each["row"] for part in report.parts() for each in part["rows"] if "promise" in each and not held.get(each["row"])] == []


def test_what_is_not_promised_says_what_it_waits_for() -> None:
    held = report.tests()
    assert [each["row"] for part in report.parts() for each in part["rows"] if "promise" not in each and (held.get(each["row"]) or not each["needs"])] == []


def test_the_page_is_what_script_reliability_writes() -> None:
    assert report.TARGET.read_text() == report.text(report.figures())
