from django.apps import AppConfig


class RatePlansConfig(AppConfig):
    name = "rateplans"

    def ready(self) -> None:
        from rateplans import entrances  # models are ready only now

        entrances.register()
