from typing import Any
from decimal import Decimal as D
from tests.browser import sample, visitor
def test_shots(visitors, jane: Any, anna: Any) -> None:
    from invoicing.domain import credit_notes, rendering
    from invoicing.models import Document
    from tests.support.world import jane as actor
    from tests.support import months
    from customers.models import Kind
    from tests.support import world
    from customers.models import CustomerTax
    CustomerTax.objects.create(customer=anna, tax=world.vat())
    months.moved(Kind.CHARGE, anna, "50.00", f"{sample.month_before(sample.last_month()):%Y-%m}-05 09:00", note="Router, model 7")
    number = sample.furnish(anna)
    doc = Document.objects.select_related("customer").get(number=number)
    for width in (1280, 390):
        for scheme in ("light","dark"):
            page = visitors.window(jane, width=width, at=f"/invoices/{number}/credit-note/")
            page.emulate_media(color_scheme=scheme)
            page.goto(f"/invoices/{number}/credit-note/")
            page.screenshot(path=f"/tmp/books/cn-form-{width}-{scheme}.png", full_page=True)
    page.goto(f"/invoices/{number}/write-off/"); page.screenshot(path=f"/tmp/books/wo-form.png", full_page=True)
    n = credit_notes.issue(doc, reason="Two of the months were billed twice", positions=[2], actor=actor, at=sample.now(), key="1")
    page = visitors.window(jane, width=1280, at="/")
    for name, path in (("cn", f"/invoices/{n.number}/"), ("inv", f"/invoices/{number}/"), ("docs", "/invoices/"), ("stat", "/customers/100001/statement/")):
        page.goto(path); page.screenshot(path=f"/tmp/books/{name}-1280.png", full_page=True)
    page = visitors.window(jane, width=390, at="/")
    page.goto(f"/invoices/{n.number}/"); page.screenshot(path=f"/tmp/books/cn-390.png", full_page=True)
    open("/tmp/books/cn.pdf","wb").write(rendering.pdf_content(n))
