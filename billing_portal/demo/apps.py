from django.apps import AppConfig


class DemoConfig(AppConfig):
    name = "billing_portal.demo"
    label = "demo"
