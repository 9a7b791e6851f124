from django.apps import AppConfig


class InvoicingConfig(AppConfig):
    name = "invoicing"

    def ready(self) -> None:
        from billing_portal.tenancy.domain import partitions
        from customers.domain import unbilled
        from invoicing import jobs  # noqa: F401 - registers the work of this app
        from invoicing.queries import movements

        partitions.register("invoicing_call", "at")
        unbilled.register(movements.has_untaken)
