from django.apps import AppConfig


class MailConfig(AppConfig):
    name = "billing_portal.mail"
    label = "mail"

    def ready(self) -> None:
        from billing_portal.mail import delivery  # noqa: F401 - registers the job that delivers
