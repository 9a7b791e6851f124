"""Pages over calls, and over what they cost at the parent."""

from django.urls import path

from invoicing.views import calls, parent_account, rerating, waiting

urlpatterns = [
    path("calls/", calls.calls, name="calls"),
    path("calls/calls.csv", calls.calls_csv, name="calls-csv"),
    path("calls/rate-again/", rerating.rate_again, name="rate-again"),
    path("calls/rate-again/<uuid:progress>/", rerating.rated_again, name="rated-again"),
    path("calls/rate-again/<uuid:progress>/progress/", rerating.progress, name="rated-again-progress"),
    path("calls/waiting/", waiting.waiting_calls, name="waiting-calls"),
    path("calls/waiting/rate-again/", waiting.rate_again, name="waiting-rate-again"),
    path("calls/waiting/set-aside/", waiting.set_aside, name="waiting-set-aside"),
    path("calls/waiting/keep-the-first/", waiting.keep_the_first, name="waiting-keep-the-first"),
    path("customers/<str:account>/calls/", calls.customer_calls, name="customer-calls"),
    path("customers/<str:account>/calls/calls.csv", calls.customer_calls_csv, name="customer-calls-csv"),
    path("my/calls/", calls.my_calls, name="my-calls"),
    path("my/calls/calls.csv", calls.my_calls_csv, name="my-calls-csv"),
    path("my-account/", parent_account.overview, name="parent-account"),
    path("my-account/statement/", parent_account.account_statement, name="parent-statement"),
    path("my-account/top-ups/", parent_account.account_topups, name="parent-topups"),
    path("my-account/invoices/<path:number>/pdf/", parent_account.pdf, name="parent-document-pdf"),
    path("my-account/invoices/<path:number>/sheet/", parent_account.sheet, name="parent-document-sheet"),
    path("my-account/invoices/<path:number>/", parent_account.document, name="parent-document"),
]
