"""Applying rates: one transaction, versions in order, never half a deck."""

import threading
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext

from billing_portal.accounts.models import AuditEntry
from billing_portal.kernel.errors import DomainError
from customers.models import PlanAssignment
from rateplans.domain import imports, large_files, loading, plans, sources
from rateplans.domain.decks import deck_of
from rateplans.models import RateImport, StoredRate
from tests.rateplans.steps import HOUR, NOON, load, made, prices
from tests.sizes import size
from tests.support import world
from tests.support.world import jane

HEAD = b"prefix,destination,per minute\n"
TWO = HEAD + b"44,United Kingdom,0.02\n33,France,0.03\n"


def uploaded(plan: Any, content: bytes = TWO, mode: str = "replace") -> RateImport:
    stored = imports.preview(plan, "rates.csv", content, mode, jane, at=NOON).rate_import
    assert stored is not None
    return stored


def test_the_first_version_holds_for_all_earlier_time(acme: Any) -> None:
    version = load(made(), TWO)
    assert (version.number, version.valid_from, version.rate_count, version.made_by) == (1, None, 2, "Jane Whitfield")


def test_the_next_version_holds_from_the_moment_of_applying(acme: Any) -> None:
    plan = made()
    load(plan, TWO)
    second = load(plan, HEAD + b"44,United Kingdom,0.05\n", at=NOON + HOUR)
    assert (second.number, second.valid_from) == (2, NOON + HOUR)
    before, after = deck_of(plan, NOON + HOUR - timedelta(microseconds=1)), deck_of(plan, NOON + HOUR)
    assert before is not None
    assert after is not None
    assert [before[0].number, after[0].number] == [1, 2]


@pytest.mark.rel(22)
def test_the_next_version_begins_when_its_rates_are_written_and_checked(acme: Any) -> None:
    """Calls that came while two million were written were posted at the old price; rated again they would have cost the new one."""
    plan, asked_before = made(), list[str]()
    load(plan, TWO)
    stored = uploaded(plan, HEAD + b"44,United Kingdom,0.05\n", "add")

    def clock() -> datetime:
        asked_before[:] = [str(query["sql"]) for query in asked.captured_queries]
        return NOON + 3 * HOUR

    with CaptureQueriesContext(connection) as asked:
        version = imports.apply(stored, actor=jane, at=NOON + HOUR, clock=clock)
    written = [sql for sql in asked_before if "INSERT INTO rateplans_storedrate" in sql]
    later = [sql for query in asked.captured_queries[len(asked_before) :] if (sql := str(query["sql"])).startswith(("UPDATE", "INSERT", "SET"))]

    assert (version.number, version.valid_from, version.created_at) == (2, NOON + 3 * HOUR, NOON + HOUR)
    assert AuditEntry.objects.get(action="rates.imported", changes__version=["1", "2"]).at == NOON + 3 * HOUR
    assert (len(written), asked_before.index(written[0]) < asked_before.index("SET CONSTRAINTS ALL IMMEDIATE")) == (1, True)
    assert [sql.split('"')[1] for sql in later] == ["rateplans_planversion", "rateplans_rateimport", "accounts_auditentry"]
    assert imports.apply(stored, actor=jane, at=NOON + 4 * HOUR) == version
    assert number_at(plan, NOON + 3 * HOUR - timedelta(microseconds=1)) == (1, ["33", "44"])
    assert plan.versions.get(number=2).valid_from == NOON + 3 * HOUR


def test_a_clock_that_goes_wrong_turns_no_versions_round(acme: Any) -> None:
    plan = made()
    load(plan, TWO)
    second = load(plan, HEAD + b"44,United Kingdom,0.05\n", at=NOON + HOUR)
    third = imports.apply(uploaded(plan), actor=jane, at=NOON + 2 * HOUR, clock=lambda: NOON - HOUR)

    assert (second.valid_from, third.valid_from) == (NOON + HOUR, NOON + 2 * HOUR)


def test_two_versions_of_the_same_instant_follow_each_other(acme: Any) -> None:
    plan = made()
    for price in (b"1", b"2", b"3"):
        load(plan, HEAD + b"44,United Kingdom," + price)
    now = deck_of(plan, NOON + HOUR)
    assert now is not None
    assert now[0].number == 3


def dated_back(plan: Any, content: bytes, since: Any, mode: str = "add", at: Any = NOON + 4 * HOUR) -> Any:
    return imports.apply(uploaded(plan, content, mode), actor=jane, at=at, in_force_from=since)


def number_at(plan: Any, moment: Any) -> tuple[int, list[str]]:
    found = deck_of(plan, moment)
    assert found is not None
    return found[0].number, [rate.prefix for rate in found[1].rates]


def test_a_version_dated_back_holds_from_then_until_the_next_begins(acme: Any) -> None:
    plan = made()
    load(plan, TWO)
    load(plan, HEAD + b"44,United Kingdom,0.05\n", at=NOON + 2 * HOUR)
    third = dated_back(plan, HEAD + b"81,Japan,0.09\n", NOON + HOUR)
    tick = timedelta(microseconds=1)

    assert (third.number, third.valid_from, third.created_at) == (3, NOON + HOUR, NOON + 4 * HOUR)
    assert number_at(plan, NOON + HOUR - tick) == (1, ["33", "44"])
    assert number_at(plan, NOON + HOUR) == number_at(plan, NOON + 2 * HOUR - tick) == (3, ["33", "44", "81"])
    assert number_at(plan, NOON + 2 * HOUR) == number_at(plan, NOON + 5 * HOUR) == (2, ["44"])


def test_what_is_applied_next_follows_the_last_in_time(acme: Any) -> None:
    plan = made()
    load(plan, TWO)
    load(plan, HEAD + b"44,United Kingdom,0.05\n", at=NOON + 2 * HOUR)
    dated_back(plan, HEAD + b"81,Japan,0.09\n", NOON + HOUR)
    fourth = load(plan, HEAD + b"34,Spain,0.06\n", mode="add", at=NOON + 5 * HOUR)

    assert (fourth.number, sorted(prices(fourth))) == (4, ["34", "44"])


def test_two_dated_back_to_the_same_moment_follow_each_other(acme: Any) -> None:
    plan = made()
    load(plan, TWO)
    dated_back(plan, HEAD + b"81,Japan,0.09\n", NOON + HOUR)
    dated_back(plan, HEAD + b"34,Spain,0.06\n", NOON + HOUR)

    dated_back(plan, HEAD + b"82,South Korea,0.07\n", NOON + HOUR)

    assert number_at(plan, NOON + HOUR) == (4, ["33", "34", "44", "81", "82"])
    assert number_at(plan, NOON + HOUR - timedelta(microseconds=1)) == (1, ["33", "44"])
    chain = sources.chain_of(plan, NOON + HOUR)
    assert chain is not None
    assert chain.version.number == 4


def test_the_same_file_dated_back_twice_makes_one_version(acme: Any) -> None:
    plan = made()
    load(plan, TWO)
    first = dated_back(plan, HEAD + b"81,Japan,0.09\n", NOON + HOUR)

    assert dated_back(plan, HEAD + b"81,Japan,0.09\n", NOON + HOUR) == first
    assert plan.versions.count() == 2


def test_a_file_applied_too_late_can_be_dated_back(acme: Any) -> None:
    plan = made()
    load(plan, TWO)
    load(plan, HEAD + b"81,Japan,0.09\n", mode="add", at=NOON + 2 * HOUR)
    dated_back(plan, HEAD + b"81,Japan,0.09\n", NOON + HOUR)

    assert number_at(plan, NOON + HOUR) == (3, ["33", "44", "81"])


def test_no_version_is_dated_ahead(acme: Any) -> None:
    plan = made()
    load(plan, TWO)
    with pytest.raises(DomainError, match="not_begun"):
        dated_back(plan, HEAD + b"81,Japan,0.09\n", NOON + 5 * HOUR)
    assert plan.versions.count() == 1


def test_the_first_version_holds_for_all_earlier_time_whatever_its_date(acme: Any) -> None:
    assert dated_back(made(), TWO, NOON + HOUR).valid_from is None


def test_what_the_person_compared_with_is_the_version_of_that_time(acme: Any) -> None:
    plan = made()
    load(plan, TWO)
    load(plan, HEAD + b"44,United Kingdom,0.05\n", at=NOON + 2 * HOUR)
    stored = uploaded(plan, HEAD + b"81,Japan,0.09\n", "add")
    with pytest.raises(DomainError, match="plan_changed"):
        imports.apply(stored, actor=jane, at=NOON + 4 * HOUR, in_force_from=NOON + HOUR, looked_at=2)
    assert imports.apply(stored, actor=jane, at=NOON + 4 * HOUR, in_force_from=NOON + HOUR, looked_at=1).number == 3


def test_a_version_dated_back_has_the_mark_up_of_that_time(acme: Any) -> None:
    source = made("Source")
    load(source, TWO)
    plan = made("Dearer", currency="", inherits="plan", source=source, markup_percent=Decimal(10))
    plans.change(plan, markup_percent=Decimal(50), actor=jane, at=NOON + 2 * HOUR)
    dated_back(plan, HEAD + b"81,Japan,0.09\n", NOON + HOUR)
    then, now = deck_of(plan, NOON + HOUR), deck_of(plan, NOON + 3 * HOUR)
    assert then is not None
    assert now is not None
    assert {rate.prefix: rate.per_minute for rate in then[1].rates} == {"33": Decimal("0.033"), "44": Decimal("0.022"), "81": Decimal("0.09")}
    assert {rate.prefix: rate.per_minute for rate in now[1].rates} == {"33": Decimal("0.045"), "44": Decimal("0.03")}


def test_every_value_of_a_rate_is_stored(acme: Any) -> None:
    head = b"prefix,destination,per minute,connection charge,initial increment,increment,included seconds,minimum\n"
    version = load(made(), head + b'44,"back\\slash ""q""",0.020001,0.5,60,6,30,0.25\n')
    rate = version.rates.get()
    assert (rate.prefix, rate.destination, rate.per_minute) == ("44", 'back\\slash "q"', Decimal("0.020001"))
    assert (rate.connection_charge, rate.initial_increment, rate.increment) == (Decimal("0.5"), 60, 6)
    assert (rate.included_seconds, rate.minimum) == (30, Decimal("0.25"))


def test_add_carries_over_what_the_file_does_not_have(acme: Any) -> None:
    plan = made()
    load(plan, TWO)
    version = load(plan, HEAD + b"44,United Kingdom,0.05\n34,Spain,0.06\n", mode="add", at=NOON + HOUR)
    assert prices(version) == {"44": Decimal("0.05"), "33": Decimal("0.03"), "34": Decimal("0.06")}
    assert version.rate_count == 3
    assert {str(rate.pk)[14] for rate in version.rates.all()} == {"7"}


def test_a_file_with_a_bad_row_is_not_stored(acme: Any) -> None:
    plan = made()
    seen = imports.preview(plan, "rates.csv", TWO + b"34,Spain,dear\n", "replace", jane, at=NOON)
    assert (seen.sound, seen.bad_rows, seen.rate_import, seen.comparison) == (False, 1, None, None)
    assert RateImport.objects.count() == 0


def test_applying_again_returns_the_version_made(acme: Any) -> None:
    plan = made()
    stored = uploaded(plan)
    first = imports.apply(stored, actor=jane, at=NOON)
    assert imports.apply(stored, actor=jane, at=NOON + HOUR) == first
    assert plan.versions.count() == 1


def test_a_file_may_come_back_after_another(acme: Any) -> None:
    plan = made()
    load(plan, TWO)
    load(plan, HEAD + b"44,United Kingdom,0.05\n", at=NOON + HOUR)
    assert load(plan, TWO, at=NOON + 2 * HOUR).number == 3


def test_unusual_prices_cannot_be_applied_unseen(acme: Any) -> None:
    stored = uploaded(made(), HEAD + b"44,United Kingdom,0\n")
    with pytest.raises(DomainError, match="unusual_prices"):
        imports.apply(stored, actor=jane, at=NOON)
    assert StoredRate.objects.count() == 0


def test_a_failure_half_way_leaves_the_rates_as_they_were(acme: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = made()
    load(plan, TWO)
    stored = uploaded(plan, HEAD + b"44,United Kingdom,0.05\n", mode="add")

    def fail(*args: Any, **kwargs: Any) -> int:
        raise OSError("the disk is full")

    monkeypatch.setattr(loading, "carry_over", fail)
    with pytest.raises(OSError, match="disk is full"):
        imports.apply(stored, actor=jane, at=NOON + HOUR)
    assert plan.versions.count() == 1
    assert StoredRate.objects.count() == 2


def test_uploads_never_applied_go_after_a_week(acme: Any) -> None:
    plan = made()
    uploaded(plan)
    imports.preview(plan, "rates.csv", TWO, "replace", jane, at=NOON + timedelta(days=8))
    assert RateImport.objects.count() == 1


def test_uploads_that_are_ordered_or_applied_stay_whoever_uploads_another(acme: Any) -> None:
    plan, every = made(), list(RateImport.State)
    for number, state in enumerate(every):
        RateImport.objects.filter(pk=uploaded(plan, HEAD + b"44,United Kingdom,0.0%d\n" % (number + 1)).pk).update(state=state)

    def left(after: timedelta) -> set[str]:
        imports.forget_unapplied(plan, at=NOON + after)
        return set(RateImport.objects.values_list("state", flat=True))

    assert left(timedelta(days=7)) == set(every)
    assert left(timedelta(days=8)) == {"applying", "applied"}


def test_many_rates_are_applied_by_copy(acme: Any, django_assert_max_num_queries: Any) -> None:
    count = size(5_000, 200_000)
    plan = made()
    stored = uploaded(plan, HEAD + b"".join(b"%d,Somewhere,0.02\n" % (10_000_000 + n) for n in range(count)))
    with django_assert_max_num_queries(20):
        assert imports.apply(stored, actor=jane, at=NOON).rate_count == count
    assert StoredRate.objects.count() == count


@pytest.mark.rel(86)
@pytest.mark.django_db(transaction=True)
def test_two_operators_at_once_make_one_version(acme: Any) -> None:
    plan = made()
    stored = [uploaded(plan) for _ in range(4)]
    together, made_versions = threading.Barrier(4), []

    def apply(mine: RateImport) -> None:
        connection.set_tenant(acme)
        together.wait()
        try:
            made_versions.append(imports.apply(mine, actor=jane, at=NOON).number)
        finally:
            connection.close()

    racers = [threading.Thread(target=apply, args=(each,)) for each in stored]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    assert made_versions == [1, 1, 1, 1]
    assert plan.versions.count() == 1
    assert StoredRate.objects.count() == 2


@pytest.mark.rel(45)
@pytest.mark.django_db(transaction=True)
def test_customers_come_to_a_plan_while_its_rates_are_applied_or_ordered_or_it_is_changed(acme: Any) -> None:
    """Applying two million rates takes minutes, for which everybody else was answered 503."""
    applied, ordered, changed = every = [made(name) for name in ("Applied", "Ordered", "Changed")]
    files, anna, came = (uploaded(applied), uploaded(ordered)), world.customer(), list[str]()

    def come() -> None:
        connection.set_tenant(acme)
        try:
            for number, plan in enumerate(every):
                try:
                    PlanAssignment.objects.create(customer=anna, plan=plan, valid_from=NOON + number * HOUR)
                    came.append(plan.name)
                except OperationalError as busy:
                    came.append(f"{plan.name}: {busy}")
        finally:
            connection.close()

    with transaction.atomic():
        imports.apply(files[0], actor=jane, at=NOON)
        large_files.order(files[1], mode="replace", accept_unusual=False, looked_at=None, actor=jane)
        plans.change(changed, name="Renamed", actor=jane, at=NOON)
        other = threading.Thread(target=come)
        other.start()
        other.join(30)

    assert came == ["Applied", "Ordered", "Changed"]
