"""Pages of this app."""

from django.urls import path

from rateplans.views import exchange, imports, plans, terms

app_name = "rateplans"
urlpatterns = [
    path("rate-plans/", plans.plan_list, name="list"),
    path("rate-plans/new/", plans.new, name="new"),
    path("rate-plans/<uuid:plan>/", plans.detail, name="plan"),
    path("rate-plans/<uuid:plan>/change/", plans.change, name="change"),
    path("rate-plans/<uuid:plan>/import/", imports.upload, name="import"),
    path("rate-plans/<uuid:plan>/import/<uuid:rate_import>/", imports.preview, name="import-preview"),
    path("rate-plans/<uuid:plan>/rates.csv", plans.download_in_force, name="download-in-force"),
    path("rate-plans/<uuid:plan>/versions/<int:number>.csv", plans.download, name="download"),
    path("taxes/", terms.tax_list, name="taxes"),
    path("taxes/new/", terms.tax_new, name="tax-new"),
    path("taxes/<uuid:tax>/", terms.tax_change, name="tax"),
    path("settings/currencies/", exchange.currencies, name="currencies"),
    path("settings/currencies/new/", exchange.new, name="exchange-new"),
    path("settings/currencies/import/", exchange.upload, name="exchange-import"),
    path("settings/invoicing-terms/", terms.billing_terms, name="terms"),
]
