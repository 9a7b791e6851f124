"""Every address of the portal; each app names its own pages."""

from django.urls import URLPattern, URLResolver, include, path

handler400 = "billing_portal.web.errors.bad_request"
handler404 = "billing_portal.web.errors.not_found"
handler403 = "billing_portal.web.errors.forbidden"
handler500 = "billing_portal.web.errors.server_error"

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("billing_portal.accounts.urls")),
    path("", include("billing_portal.web.urls")),
    path("", include("rateplans.urls")),
    path("", include("customers.urls_resellers")),
    path("", include("customers.urls")),
    path("", include("invoicing.urls")),
    path("api/v1/", include("billing_portal.api.urls")),
]
