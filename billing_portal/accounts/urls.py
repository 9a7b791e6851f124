"""Signing in and out, passwords, one's own account. Nothing else of allauth is reachable: no sign-up, no change of email."""

from allauth.account.views import LogoutView
from django.urls import URLPattern, URLResolver, include, path

from billing_portal.accounts import views

passwords: list[URLPattern] = [
    path("forgotten/", views.forgotten, name="forgotten"),
    path("<str:token>/", views.set_password, name="set-password"),
    path("<str:token>/renew/", views.renew, name="renew"),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("sign-in/", views.sign_in, name="account_login"),
    path("sign-out/", LogoutView.as_view(), name="account_logout"),
    path("account/", views.preferences, name="own_account"),
    path("account/password/", views.change_password, name="account_change_password"),
    path("password/", include((passwords, "accounts"))),
]
