import io
from typing import Any

from PIL import Image

from billing_portal.accounts.models import AuditEntry
from billing_portal.tenancy.models import Reseller
from tests.support.people import client, user

FIELDS = {"name": "Acme", "legal_name": "Acme Telecom Ltd", "country": "GB", "brand_colour": "#00647E", "bank_details": "IBAN: GB29 NWBK 6016 1331 9268 19"}


def upload(content: bytes, name: str = "logo.png") -> dict[str, Any]:
    file = io.BytesIO(content)
    file.name = name
    return {"logo": file}


def png() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 20), "#00647e").save(out, format="PNG")
    return out.getvalue()


def test_the_company_is_saved_with_the_administrators_name(acme: Any) -> None:
    browser = client(user("jane"))

    assert browser.get("/settings/company/").status_code == 200
    assert browser.post("/settings/company/", FIELDS).headers["Location"] == "/settings/company/"
    kept = Reseller.objects.get(pk=acme.pk)
    assert (kept.legal_name, kept.country, kept.bank_details) == ("Acme Telecom Ltd", "GB", "IBAN: GB29 NWBK 6016 1331 9268 19")
    assert AuditEntry.objects.get(action="company.changed").actor_name == "Jane"


def test_a_page_that_was_open_for_long_undoes_nothing_that_was_saved_meanwhile(acme: Any) -> None:
    browser = client(user("jane"))
    page = browser.get("/settings/company/")
    drawn = {name: page.context["form"][name].value() for name in page.context["form"].fields}
    assert '<input type="hidden" name="drawn"' in page.content.decode()

    assert browser.post("/settings/company/", drawn | {"city": "Leeds"}).status_code == 302
    assert browser.post("/settings/company/", drawn | {"company_number": "0123"}).status_code == 302
    kept = Reseller.objects.get(pk=acme.pk)
    assert (kept.city, kept.company_number) == ("Leeds", "0123")


def test_a_taken_name_is_said_at_its_field_and_nothing_is_saved(acme: Any) -> None:
    answer = client(user("jane")).post("/settings/company/", {**FIELDS, "name": "Globex"})

    assert answer.status_code == 422
    assert "“Globex” is taken" in answer.content.decode()
    assert Reseller.objects.get(pk=acme.pk).legal_name == "Acme"


def test_the_company_links_to_taxes_and_terms(acme: Any) -> None:
    text = client(user("jane")).get("/settings/company/").content.decode()

    assert 'href="/taxes/"' in text


def test_a_logo_is_shown_with_its_type_and_can_be_removed(acme: Any) -> None:
    browser = client(user("jane"))
    assert browser.post("/settings/company/logo/", upload(png())).status_code == 302
    shown = client().get("/brand/logo")

    assert (shown.status_code, shown.headers["Content-Type"], shown.headers["X-Content-Type-Options"]) == (200, "image/png", "nosniff")
    browser.post("/settings/company/logo/remove/")
    assert client().get("/brand/logo").status_code == 404


def test_an_svg_logo_is_refused_with_what_to_choose(acme: Any) -> None:
    answer = client(user("jane")).post("/settings/company/logo/", upload(b"<svg xmlns='http://www.w3.org/2000/svg'/>", "logo.png"))

    assert answer.status_code == 422
    assert "Choose a PNG or JPEG picture" in answer.content.decode()
    assert Reseller.objects.get(pk=acme.pk).logo is None
