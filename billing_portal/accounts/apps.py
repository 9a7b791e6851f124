from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "billing_portal.accounts"
    label = "accounts"

    def ready(self) -> None:
        from django.contrib.auth.signals import user_logged_in, user_logged_out

        from billing_portal.accounts import middleware
        from billing_portal.accounts.domain import passwords  # noqa: F401 - registers the job that mails new links

        user_logged_in.connect(middleware.claim, dispatch_uid="session-belongs-to-reseller")
        user_logged_out.connect(middleware.sign_out, dispatch_uid="session-is-listed-no-more")
