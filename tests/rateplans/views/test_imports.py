"""Upload, look, apply: forty kinds of bad file, none of which changes anything (reliability 23, 85, 86)."""

import gzip
import io
import zipfile
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from billing_portal.accounts.models import AuditEntry
from rateplans.models import PlanVersion, RateImport, StoredRate
from tests.rateplans.conftest import Desk
from tests.rateplans.steps import HOUR, NOON, load, made, prices

HEAD = b"prefix,destination,per minute\n"
GOOD = HEAD + b"44,United Kingdom,0.02\n33,France,0.03\n"
REAL = Path(__file__).parents[2] / "data" / "rates-az-extract.csv"


def zipped(content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("rates.csv", content)
    return out.getvalue()


BAD = {
    "empty": b"",
    "header only": HEAD,
    "no header": b"44,United Kingdom,0.02\n",
    "mixed encodings": HEAD + "44,Curaçao,0.02\n".encode() + "45,Réunion,0.02\n".encode("latin-1"),
    "NUL bytes": HEAD + b"44,United\x00Kingdom,0.02\n",
    "thousands marks": HEAD + b'44,United Kingdom,"1,000.50"\n',
    "quotes unclosed": HEAD + b'44,"United Kingdom,0.02\n33,France,0.03\n',
    "quotes doubled wrongly": HEAD + b'44,"United" Kingdom,0.02\n',
    "ragged rows short": HEAD + b"44,United Kingdom\n",
    "ragged rows long": HEAD + b"44,United Kingdom,0.02,9\n",
    "duplicate header": b"prefix,prefix,destination,per minute\n44,44,United Kingdom,0.02\n",
    "unknown header": b"code of area,destination,per minute\n44,United Kingdom,0.02\n",
    "cell without end": HEAD + b"44," + b"x" * 200_000 + b",0.02\n",
    "one column": b"prefix\n" + b"44\n" * 2_000,
    "formula": HEAD + b"44,=cmd|' /c calc'!A1,0.02\n",
    "formula as price": HEAD + b"44,United Kingdom,=1+1\n",
    "1e5": HEAD + b"44,United Kingdom,1e5\n",
    "1E-7": HEAD + b"44,United Kingdom,1E-7\n",
    "NaN": HEAD + b"44,United Kingdom,NaN\n",
    "Infinity": HEAD + b"44,United Kingdom,Infinity\n",
    "minus zero": HEAD + b"44,United Kingdom,-0\n",
    "30 decimals": HEAD + b"44,United Kingdom,0.0" + b"1" * 29 + b"\n",
    "negative rate": HEAD + b"44,United Kingdom,-0.02\n",
    "letters as prefix": HEAD + b"UK,United Kingdom,0.02\n",
    "Arabic digits": HEAD + "٤٤,United Kingdom,0.02\n".encode(),
    "full-width digits": HEAD + "４４,United Kingdom,0.02\n".encode(),
    "leading zero": HEAD + b"044,United Kingdom,0.02\n",
    "sixteen digits": HEAD + b"4412345678901234,United Kingdom,0.02\n",
    "duplicate prefix": HEAD + b"44,United Kingdom,0.02\n+44,United Kingdom,0.03\n",
    "increment of nothing": b"prefix,destination,per minute,increment\n44,United Kingdom,0.02,0\n",
    "gz renamed": gzip.compress(GOOD),
    "xlsx renamed": zipped(GOOD),
    "zip bomb": zipped(b"0" * 5_000_000),
    "CSV followed by binary": GOOD + bytes(range(32)),
    "cut off in a row": HEAD + b"44,United Kingdom,0.02\n33,Fra",
    "one bad row among good ones": GOOD + b"45,,0.02\n",
    "UTF-16 cut off": GOOD.decode().encode("utf-16")[:-1],
}
FINE = {
    "more than a form may hold": GOOD + b",,\n" * 900_000,
    "plain": GOOD,
    "BOM": b"\xef\xbb\xbf" + GOOD,
    "UTF-16 LE": GOOD.decode().encode("utf-16"),
    "UTF-16 BE": b"\xfe\xff" + GOOD.decode().encode("utf-16-be"),
    "Latin-1": HEAD + "44,United Kingdom,0.02\n33,Franç,0.03\n".encode("latin-1"),
    "CR only": GOOD.replace(b"\n", b"\r"),
    "CRLF mixed": GOOD.replace(b"\n", b"\r\n", 1),
    "semicolons": GOOD.replace(b",", b";"),
    "bars": GOOD.replace(b",", b"|"),
    "TAB": GOOD.replace(b",", b"\t"),
    "decimal comma": GOOD.replace(b",", b";").replace(b"0.0", b"0,0"),
    "header in other case": GOOD.replace(b"prefix,destination,per minute", b"PREFIX,Destination,Per Minute"),
    "spaces round fields": GOOD.replace(b",", b" , "),
    "newline in quotes": HEAD + b'44,"United\nKingdom",0.02\n33,France,0.03\n',
    "prefix with + and 00": HEAD + b"+44,United Kingdom,0.02\n0033,France,0.03\n",
}


def upload(browser: Client, plan: Any, content: bytes, name: str = "rates.csv", mode: str = "replace") -> Any:
    return browser.post(f"/rate-plans/{plan.pk}/import/", {"file": SimpleUploadedFile(name, content), "mode": mode})


def apply(browser: Client, plan: Any, address: str, **given: Any) -> Any:
    last = plan.versions.first()
    return browser.post(address, {"mode": "replace", "looked_at": last.number if last else 0} | given)


@pytest.mark.rel(85)
@pytest.mark.parametrize("kind", BAD)
def test_a_bad_file_is_reported_and_changes_nothing(commerce: Client, standard: Any, kind: str) -> None:
    answer = upload(commerce, standard, BAD[kind])

    assert answer.status_code == 422
    assert answer.context["shown"], "no reason was given"
    assert all(error.reason for error in answer.context["shown"])
    assert standard.versions.count() == 1
    assert RateImport.objects.filter(state="previewed").count() == 0
    assert StoredRate.objects.count() == 2


@pytest.mark.parametrize("kind", FINE)
def test_a_sound_file_of_any_make_is_previewed(commerce: Client, kind: str) -> None:
    plan = made()
    answer = upload(commerce, plan, FINE[kind])

    assert answer.status_code == 302
    preview = commerce.get(answer["Location"])
    assert (preview.status_code, preview.context["seen"].comparison.new) == (200, 2)
    assert plan.versions.count() == 0


def test_each_bad_row_names_line_column_value_and_reason(commerce: Client, standard: Any) -> None:
    answer = upload(commerce, standard, HEAD + b"44,United Kingdom,abc\n33,France,0.03\n,Spain,0.1\n")

    errors = [(error.line, error.column, error.value, error.reason) for error in answer.context["shown"]]
    assert errors == [(2, "per minute", "abc", "Not a number."), (4, "prefix", "", "The cell is empty.")]
    assert "2 rows cannot be read" in answer.content.decode()


def test_the_rest_of_many_bad_rows_is_counted(commerce: Client, standard: Any) -> None:
    answer = upload(commerce, standard, HEAD + b"".join(b"%d,x,bad\n" % number for number in range(1_000, 1_250)))
    assert (len(answer.context["shown"]), answer.context["left"]) == (100, 150)
    assert "and 150 more" in answer.content.decode()


def test_an_upload_without_a_file_is_an_error_at_the_field(commerce: Client, standard: Any) -> None:
    answer = commerce.post(f"/rate-plans/{standard.pk}/import/", {"mode": "replace"})
    assert answer.status_code == 422
    assert "file" in answer.context["form"].errors


@pytest.mark.rel(23)
def test_nothing_is_live_before_it_is_applied(commerce: Client, standard: Any) -> None:
    address = upload(commerce, standard, GOOD)["Location"]
    commerce.get(address)
    assert standard.versions.count() == 1

    answer = apply(commerce, standard, address)

    assert (answer.status_code, answer["Location"]) == (302, f"/rate-plans/{standard.pk}/")
    assert [(version.number, version.rate_count) for version in standard.versions.all()] == [(2, 2), (1, 2)]
    entry = AuditEntry.objects.get(action="rates.imported", note="rates.csv", actor_name="Jane Whitfield", subject_id=standard.pk, changes__version=["1", "2"])
    assert entry.changes["rates"] == ["2", "2"]


def test_the_preview_counts_what_would_change(commerce: Client, standard: Any) -> None:
    address = upload(commerce, standard, HEAD + b"44,United Kingdom,0.03\n33,France,0.03\n")["Location"]
    page = commerce.get(address)
    compared = page.context["seen"].comparison
    assert (compared.new, compared.removed, compared.dearer, compared.cheaper, compared.unchanged) == (1, 1, 1, 0, 0)
    assert [percent for _change, percent in page.context["changes"]] == ["+50\u2009%"]


def test_add_keeps_the_rates_that_are_not_in_the_file(commerce: Client, standard: Any) -> None:
    address = upload(commerce, standard, GOOD, mode="add")["Location"]
    assert commerce.get(address).context["seen"].comparison.kept == 1
    apply(commerce, standard, address, mode="add")
    assert sorted(prices(standard.versions.first())) == ["33", "44", "4420"]


def test_the_preview_shows_the_other_way_too(commerce: Client, standard: Any) -> None:
    address = upload(commerce, standard, GOOD)["Location"]
    assert commerce.get(f"{address}?mode=add").context["seen"].comparison.removed == 0
    assert commerce.get(f"{address}?mode=nonsense").context["seen"].mode == "replace"


def dated_back(browser: Client, plan: Any, since: str, content: bytes = HEAD + b"81,Japan,0.09\n") -> Any:
    sent = {"file": SimpleUploadedFile("rates.csv", content), "mode": "add", "in_force_from": since}
    return browser.post(f"/rate-plans/{plan.pk}/import/", sent)


def test_a_file_is_dated_back_on_the_clock_of_the_reseller(commerce: Client, standard: Any) -> None:
    load(standard, HEAD + b"44,United Kingdom,0.05\n", at=NOON + HOUR)
    address = dated_back(commerce, standard, "2026-11-21T12:30")["Location"]
    seen = commerce.get(address)
    text = seen.content.decode()

    assert address.endswith("?in_force_from=2026-11-21T12%3A30")
    assert "In force from 21 Nov 2026 12:30:00" in text
    assert "Until version 2 begins, 21 Nov 2026 13:00:00: that one stays as it is." in text
    assert (seen.context["seen"].current_number, seen.context["seen"].comparison.new) == (1, 1)
    assert "?mode=replace&amp;in_force_from=2026-11-21T12%3A30" in text

    answer = apply(commerce, standard, address, mode="add", looked_at=1, in_force_from="2026-11-21T12:30")
    assert answer.status_code == 302
    third = standard.versions.first()
    assert (third.number, third.valid_from, sorted(prices(third))) == (3, NOON + HOUR / 2, ["44", "4420", "81"])
    assert AuditEntry.objects.get(changes__version=["1", "3"]).changes["valid_from"] == ["", "2026-11-21 12:30 UTC"]
    page = commerce.get(f"/rate-plans/{standard.pk}/")
    assert [version.number for version in page.context["versions"]] == [2, 3, 1]
    assert page.context["current"].number == 2


@pytest.mark.parametrize(
    ("since", "error"),
    [
        ("2099-01-01T00:00", "Choose a moment that has begun, or none."),
        ("0001-01-01T00:00", "Write a date since 2000."),
        ("9999-12-31T23:59", "Write a date since 2000."),
        ("soon", "Enter a valid date/time."),
    ],
)
def test_a_date_that_cannot_be_meant_is_an_error_at_its_field(commerce: Client, standard: Any, since: str, error: str) -> None:
    before = RateImport.objects.count()
    answer = dated_back(commerce, standard, since)

    assert (answer.status_code, answer.context["form"].errors) == (422, {"in_force_from": [error]})
    assert RateImport.objects.count() == before


def test_a_date_ahead_cannot_be_applied(commerce: Client, standard: Any) -> None:
    address = dated_back(commerce, standard, "2026-11-21T12:30")["Location"]
    answer = apply(commerce, standard, address, mode="add", in_force_from="2099-01-01T00:00")

    assert answer.status_code == 422
    assert standard.versions.count() == 1


def test_a_bad_file_keeps_the_date_that_was_chosen(commerce: Client, standard: Any) -> None:
    answer = dated_back(commerce, standard, "2026-11-21T12:30", HEAD + b"81,Japan,dear\n")

    assert answer.status_code == 422
    assert 'value="2026-11-21T12:30"' in answer.content.decode()


def test_the_first_file_of_a_plan_is_not_dated(commerce: Client, standard: Any) -> None:
    assert "In force from" in commerce.get(f"/rate-plans/{standard.pk}/import/").content.decode()
    assert "In force from" not in commerce.get(f"/rate-plans/{made('Other').pk}/import/").content.decode()


@pytest.mark.rel(23)
@pytest.mark.parametrize("price", ["0", "0.21"])
def test_unusual_prices_need_a_tick(commerce: Client, standard: Any, price: str) -> None:
    content = HEAD + f"44,United Kingdom,{price}\n4420,London,0.06\n".encode()
    address = upload(commerce, standard, content)["Location"]
    assert "Look at these before applying" in commerce.get(address).content.decode()

    refused = apply(commerce, standard, address)
    assert refused.status_code == 422
    assert refused.context["form"].errors["accept_unusual"] == ["Tick that you have looked at the unusual prices."]
    assert standard.versions.count() == 1

    assert apply(commerce, standard, address, accept_unusual="on").status_code == 302
    assert standard.versions.count() == 2


@pytest.mark.rel(86)
def test_applying_twice_makes_one_version(commerce: Client, standard: Any) -> None:
    address = upload(commerce, standard, GOOD)["Location"]
    apply(commerce, standard, address)
    answer = apply(commerce, standard, address)
    assert answer.status_code == 302
    assert standard.versions.count() == 2
    assert commerce.get(address).status_code == 302


@pytest.mark.rel(86)
def test_the_same_file_by_two_operators_makes_one_version(commerce: Client, desk: Desk, standard: Any) -> None:
    other = desk("administrator")
    first, second = upload(commerce, standard, GOOD)["Location"], upload(other, standard, GOOD)["Location"]
    apply(commerce, standard, first)
    answer = other.post(second, {"mode": "replace", "looked_at": 1}, follow=True)
    assert "This file is applied already, as version 2." in answer.content.decode()
    assert standard.versions.count() == 2


def test_what_was_not_looked_at_is_not_applied(commerce: Client, standard: Any) -> None:
    address = upload(commerce, standard, GOOD)["Location"]
    load(standard, HEAD + b"44,United Kingdom,0.05\n", at=NOON + HOUR)

    answer = apply(commerce, standard, address, looked_at=1)

    assert answer.status_code == 422
    assert "The rates have changed since." in answer.content.decode()
    assert standard.versions.count() == 2


def test_another_plans_upload_is_not_found(commerce: Client, standard: Any) -> None:
    other = made("Other")
    address = upload(commerce, standard, GOOD)["Location"]
    stolen = address.replace(str(standard.pk), str(other.pk))
    assert commerce.get(stolen).status_code == 404
    assert commerce.post(stolen, {"mode": "replace", "looked_at": 0}).status_code == 404
    assert commerce.get(f"/rate-plans/{standard.pk}/import/{uuid4()}/").status_code == 404
    assert PlanVersion.objects.filter(plan=other).count() == 0


def test_names_with_markup_stay_text(commerce: Client, standard: Any) -> None:
    content = HEAD + b'44,"<script>alert(1)</script> {{7*7}}",0.03\n'
    address = upload(commerce, standard, content, name="<img src=x>.csv")["Location"]
    page = commerce.get(address).content.decode()
    assert "<script>alert(1)</script>" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; {{7*7}}" in page
    assert "<img src=x>" not in page


def test_a_real_rate_sheet_is_previewed_and_applied(commerce: Client) -> None:
    plan = made()
    address = upload(commerce, plan, REAL.read_bytes(), name="rates-az.csv")["Location"]
    rows = len(REAL.read_text().splitlines()) - 1
    assert commerce.get(address).context["seen"].comparison.new == rows
    apply(commerce, plan, address, accept_unusual="on")
    assert plan.versions.get().rate_count == rows == StoredRate.objects.count()
