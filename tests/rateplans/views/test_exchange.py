"""Settings » Currencies: the owner keeps the platform's rates, a reseller its own."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from billing_portal.accounts.models import AuditEntry
from billing_portal.tenancy.models import ExchangeRate
from rateplans.models import OwnExchangeRate
from tests.rateplans.conftest import Desk

pytestmark = pytest.mark.usefixtures("at_noon")
DATA = Path(__file__).parents[2] / "data"
PAGE = "/settings/currencies/"


@pytest.fixture
def at_noon(time_machine: Any, noon: Any) -> None:
    time_machine.move_to(noon, tick=False)


@pytest.fixture
def root(desk: Desk, owner: Any) -> Client:
    return desk("administrator", "localhost")


def upload(browser: Client, content: bytes, name: str = "eurofxref.csv", **more: str) -> Any:
    return browser.post(f"{PAGE}import/", {"file": SimpleUploadedFile(name, content), **more})


def test_the_owner_imports_the_banks_file(root: Client) -> None:
    assert "No exchange rates yet" in root.get(PAGE).content.decode()
    answer = upload(root, (DATA / "eurofxref.csv").read_bytes())
    assert (answer.status_code, answer["Location"]) == (302, PAGE)
    assert ExchangeRate.objects.count() == 29
    row = ExchangeRate.objects.get(currency="USD")
    assert (row.day, row.per_euro, row.source) == (date(2026, 11, 20), Decimal("1.1573"), "ecb")
    assert "European Central Bank" in root.get(PAGE, {"q": "USD"}).content.decode()
    assert AuditEntry.objects.get(action="exchange.imported").note == "eurofxref.csv"


def test_the_same_file_again_changes_nothing_and_a_better_one_replaces(root: Client) -> None:
    upload(root, b"Date,USD\n2026-11-20,1.1573\n")
    upload(root, b"Date,USD\n2026-11-20,1.1573\n")
    upload(root, b"Date,USD\n2026-11-20,1.16\n")
    assert [(row.currency, row.per_euro) for row in ExchangeRate.objects.all()] == [("USD", Decimal("1.16"))]


def test_rates_nobody_needs_any_more_are_left_out(root: Client) -> None:
    upload(root, (DATA / "eurofxref-hist.csv").read_bytes())
    assert sorted({row.day for row in ExchangeRate.objects.all()}) == [date(2026, 11, 18), date(2026, 11, 19), date(2026, 11, 20)]


def test_bad_rows_are_shown_and_nothing_is_stored_unless_they_are_left_out(root: Client) -> None:
    content = b"Date,USD,GBP\n2026-11-20,1.1573,half\n"
    answer = upload(root, content)
    assert (answer.status_code, ExchangeRate.objects.count()) == (422, 0)
    assert "“half” is not a number above 0" in answer.content.decode()
    assert upload(root, content, leave_out_bad="on").status_code == 302
    assert [row.currency for row in ExchangeRate.objects.all()] == ["USD"]


def test_a_file_of_old_rates_stores_nothing(root: Client) -> None:
    answer = upload(root, b"Date,USD\n1999-01-04,1.1789\n")
    assert (answer.status_code, ExchangeRate.objects.count()) == (422, 0)
    assert "no rates of the last 400 days" in answer.content.decode()


def test_the_owner_writes_a_rate_by_hand(root: Client) -> None:
    given = {"currency": "AED", "per_euro": "4.2503", "day": "2026-11-20"}
    assert root.post(f"{PAGE}new/", given).status_code == 302
    assert [(row.currency, row.per_euro, row.source) for row in ExchangeRate.objects.all()] == [("AED", Decimal("4.2503"), "hand")]


@pytest.mark.parametrize(
    ("given", "field"), [({"per_euro": "0"}, "per_euro"), ({"per_euro": "-1"}, "per_euro"), ({"day": "2026-11-24"}, "day"), ({"currency": "EUR"}, "currency")]
)
def test_a_rate_that_makes_no_sense_is_not_kept(root: Client, given: dict[str, str], field: str) -> None:
    answer = root.post(f"{PAGE}new/", {"currency": "USD", "per_euro": "1.1", "day": "2026-11-20"} | given)
    assert (answer.status_code, list(answer.context["form"].errors), ExchangeRate.objects.count()) == (422, [field], 0)


def test_a_reseller_writes_rates_of_its_own_beside_the_platforms(desk: Desk) -> None:
    ExchangeRate.objects.create(day=date(2026, 11, 20), currency="USD", per_euro=Decimal("1.1573"))
    browser = desk("administrator")
    assert browser.post(f"{PAGE}new/", {"currency": "USD", "per_euro": "1.2", "day": "2026-11-20"}).status_code == 302
    assert [(row.currency, row.per_euro, row.made_by) for row in OwnExchangeRate.objects.all()] == [("USD", Decimal("1.2"), "Jane Whitfield")]
    assert ExchangeRate.objects.get().per_euro == Decimal("1.1573")
    page = browser.get(PAGE).content.decode()
    assert "1.2000" in page
    assert "1.1573" in page


def test_only_administrators_see_currencies(desk: Desk) -> None:
    for role in ("commerce", "support", "reports"):
        browser = desk(role)
        for address in ("", "new/", "import/"):
            assert browser.get(PAGE + address).status_code == 403
