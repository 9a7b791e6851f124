from django.apps import AppConfig
from django.conf import settings
from django.db import connection
from django_tenants.signals import schema_pre_migration


class TenancyConfig(AppConfig):
    name = "billing_portal.tenancy"
    label = "tenancy"

    def ready(self) -> None:
        schema_pre_migration.connect(grant_to_app_role, dispatch_uid="tenancy.grant_to_app_role")


def grant_to_app_role(sender: object, **kwargs: object) -> None:
    """Let the role of web and workers use what the owner makes from now on, in every schema; append-only tables take rights back themselves."""
    if settings.PORTAL_DB_ROLE != "owner":
        return
    role = connection.ops.quote_name(settings.PORTAL_APP_ROLE)
    with connection.cursor() as cursor:
        for rights in ("USAGE ON SCHEMAS", "SELECT, INSERT, UPDATE, DELETE ON TABLES", "USAGE, SELECT ON SEQUENCES"):
            cursor.execute(f"ALTER DEFAULT PRIVILEGES GRANT {rights} TO {role}")
        cursor.execute(f"GRANT USAGE ON SCHEMA public TO {role}")
