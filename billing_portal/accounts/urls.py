"""Signing in and out, passwords, one's own account. Nothing else of allauth is reachable: no sign-up, no pages of its own."""

from allauth.account.views import LogoutView
from django.urls import URLPattern, URLResolver, include, path

from billing_portal.accounts.views import door, own, proving, second_factors

passwords: list[URLPattern] = [
    path("forgotten/", door.forgotten, name="forgotten"),
    path("<str:token>/", door.set_password, name="set-password"),
    path("<str:token>/renew/", door.renew, name="renew"),
]

second_factor: list[URLPattern] = [
    path("", second_factors.overview, name="own_second_factor"),
    path("app/", second_factors.add_app, name="add_app"),
    path("passkey/", second_factors.add_passkey, name="add_passkey"),
    path("passkey/<int:passkey>/", second_factors.rename, name="rename_passkey"),
    path("<int:factor>/remove/", second_factors.remove, name="remove_factor"),
    path("codes/", second_factors.make_codes, name="make_codes"),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("sign-in/", door.sign_in, name="account_login"),
    path("sign-in/second-factor/", proving.second_factor, name="mfa_authenticate"),
    path("sign-in/passkey/", proving.passkey, name="sign_in_by_passkey"),
    path("sign-out/", LogoutView.as_view(), name="account_logout"),
    path("account/", own.preferences, name="own_account"),
    path("account/password/", own.change_password, name="account_change_password"),
    path("account/email/", own.change_email, name="own_email"),
    path("account/confirm/", proving.confirm, name="confirm"),
    path("account/sessions/", own.open_sessions, name="open_sessions"),
    path("account/sessions/end-others/", own.end_other_sessions, name="end_other_sessions"),
    path("account/sessions/<uuid:session>/end/", own.end_session, name="end_session"),
    path("account/second-factor/", include(second_factor)),
    path("email/<str:token>/", own.confirm_email, name="email-confirm"),
    path("password/", include((passwords, "accounts"))),
]
