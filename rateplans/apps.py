from django.apps import AppConfig


class RatePlansConfig(AppConfig):
    name = "rateplans"
