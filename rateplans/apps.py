from django.apps import AppConfig


class RatePlansConfig(AppConfig):
    name = "rateplans"

    def ready(self) -> None:
        from billing_portal.tenancy.domain import exchange as table
        from rateplans import entrances, jobs  # noqa: F401 - models are ready only now; jobs registers the work
        from rateplans.domain import exchange

        entrances.register()
        table.register_own_rates(exchange.own_rates)
