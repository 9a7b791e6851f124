"""Pages that belong to no app: search, help, the mark of the brand."""

from django.urls import path

from billing_portal.web import views

app_name = "web"

urlpatterns = [
    path("search/", views.search, name="search"),
    path("help/", views.help_page, name="help"),
    path("brand/logo", views.logo, name="logo"),
]
