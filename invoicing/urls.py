"""Pages of this app. Numbers of documents may contain a slash, so what follows them comes first."""

from django.urls import path

from invoicing.urls_calls import urlpatterns as calls
from invoicing.urls_money import urlpatterns as money
from invoicing.urls_topups import urlpatterns as topups
from invoicing.views import credit_notes, documents, my, overview, runs, statement

app_name = "invoicing"
urlpatterns = [
    *calls,
    *topups,
    *money,
    path("invoices/", documents.documents, name="documents"),
    path("invoices/runs/", runs.history, name="runs"),
    path("invoices/runs/new/", runs.new, name="run-new"),
    path("invoices/runs/<uuid:run>/", runs.run, name="run"),
    path("invoices/runs/<uuid:run>/progress/", runs.progress, name="run-progress"),
    path("invoices/runs/<uuid:run>/<uuid:item>/retry/", runs.retry, name="run-retry"),
    path("invoices/brand-<str:colour>.css", documents.brand, name="brand"),
    path("invoices/<path:number>/pdf/", documents.pdf, name="document-pdf"),
    path("invoices/<path:number>/sheet/", documents.sheet, name="document-sheet"),
    path("invoices/<path:number>/send/", documents.send, name="document-send"),
    path("invoices/<path:number>/credit-note/", credit_notes.credit_note, name="credit-note"),
    path("invoices/<path:number>/write-off/", credit_notes.write_off, name="write-off"),
    path("invoices/<path:number>/", documents.document, name="document"),
    path("customers/<str:account>/overview/", overview.overview, name="overview"),
    path("customers/<str:account>/invoices/", documents.customer_documents, name="customer-documents"),
    path("customers/<str:account>/statement/", statement.of_customer, name="statement"),
    path("my/", my.overview, name="my-overview"),
    path("my/invoices/", my.my_documents, name="my-documents"),
    path("my/invoices/<path:number>/pdf/", my.pdf, name="my-document-pdf"),
    path("my/invoices/<path:number>/sheet/", my.sheet, name="my-document-sheet"),
    path("my/invoices/<path:number>/", my.document, name="my-document"),
    path("my/statement/", my.my_statement, name="my-statement"),
]
