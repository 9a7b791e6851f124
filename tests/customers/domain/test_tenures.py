"""Whose a name was at a moment, where it has changed hands."""

from datetime import UTC, datetime

import pytest

from billing_portal.tenancy.models import new_id
from customers.domain.tenures import FOREVER, Tenure, last_before, owners

ANNA, BOB, CARL = new_id(), new_id(), new_id()
NAMES = {ANNA: "Anna", BOB: "Bob", CARL: "Carl"}


def day(number: int) -> datetime:
    return datetime(2026, 10, number, tzinfo=UTC)


def had(whose: object, since: int, until: int = 0, *, chosen: bool = False) -> Tenure:
    return Tenure(whose, chosen, day(since), day(until) if until else FOREVER)  # type: ignore[arg-type]


AFTER_ANOTHER = (had(ANNA, 5, 10), had(BOB, 20))


@pytest.mark.parametrize(
    ("tenures", "at", "whose"),
    [
        pytest.param((had(ANNA, 5),), 1, "Anna", id="a line entered late"),
        pytest.param((had(ANNA, 5, 10),), 1, "Anna", id="entered late and removed since"),
        pytest.param((had(ANNA, 5, 5), had(BOB, 5)), 1, "Anna", id="given on at once"),
        pytest.param((had(ANNA, 5, 10),), 10, "", id="removed"),
        pytest.param((had(ANNA, 9, 8),), 8, "", id="given up before it was made, by the clock of another machine"),
        pytest.param(AFTER_ANOTHER, 1, "Anna", id="before both"),
        pytest.param(AFTER_ANOTHER, 5, "Anna", id="from the moment on"),
        pytest.param(AFTER_ANOTHER, 10, "", id="not at the moment it was given up"),
        pytest.param(AFTER_ANOTHER, 15, "", id="in between"),
        pytest.param(AFTER_ANOTHER, 20, "Bob", id="the next one's"),
        pytest.param((had(ANNA, 5, 10), had(ANNA, 20)), 15, "Anna", id="had again"),
        pytest.param((had(ANNA, 5, 10), had(BOB, 12, 14), had(ANNA, 20)), 15, "", id="had again after another"),
        pytest.param((had(ANNA, 5), had(BOB, 8)), 9, "Anna Bob", id="of both"),
        pytest.param((had(ANNA, 5), had(BOB, 8)), 6, "Anna", id="of one still"),
        pytest.param((had(ANNA, 5), had(BOB, 8)), 1, "Anna Bob", id="of both before either"),
        pytest.param((had(ANNA, 5, chosen=True), had(BOB, 8)), 9, "Bob", id="what staff gave stands first"),
        pytest.param((had(ANNA, 5, chosen=True), had(BOB, 8)), 6, "Anna", id="from when they gave it"),
        pytest.param((had(ANNA, 5, 6, chosen=True), had(BOB, 8)), 1, "", id="nobody's before who chose it and gave it up, and staff gave it to another"),
        pytest.param((had(ANNA, 5, 6, chosen=True),), 1, "Anna", id="chosen late and removed since, and nobody else's"),
        pytest.param((had(ANNA, 5, 9, chosen=True), had(BOB, 5, 10), had(CARL, 12)), 11, "", id="nobody's after what staff gave"),
    ],
)
def test_a_call_is_theirs_who_had_the_name_when_it_was_answered(tenures: tuple[Tenure, ...], at: int, whose: str) -> None:
    assert " ".join(sorted(NAMES[each] for each in owners(tenures, day(at)))) == whose
    assert owners(tenures[::-1], day(at)) == owners(tenures, day(at))


def test_who_gave_it_up_last_is_told() -> None:
    assert [last_before(AFTER_ANOTHER, day(at)) for at in (9, 10, 30)] == [set(), {ANNA}, {ANNA}]
