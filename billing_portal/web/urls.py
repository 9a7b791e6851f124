"""Pages that belong to no app: search, help, the mark of the brand; and those over the platform itself."""

from django.urls import include, path

from billing_portal.web import views

app_name = "web"

urlpatterns = [
    path("search/", views.search, name="search"),
    path("help/", views.help_page, name="help"),
    path("favicon.ico", views.favicon, name="favicon"),
    path("brand/logo", views.logo, name="logo"),
    path("", include("billing_portal.web.pages.urls")),
]
