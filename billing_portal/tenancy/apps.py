from celery.signals import worker_init
from django.apps import AppConfig
from django.conf import settings
from django.db import connection
from django.db.backends.signals import connection_created
from django_tenants.signals import schema_migrated, schema_pre_migration

from billing_portal.tenancy import database


class TenancyConfig(AppConfig):
    name = "billing_portal.tenancy"
    label = "tenancy"

    def ready(self) -> None:
        connection_created.connect(database.bound_waits, dispatch_uid="tenancy.bound_waits")
        schema_pre_migration.connect(grant_to_app_role, dispatch_uid="tenancy.grant_to_app_role")
        from billing_portal.tenancy import boot

        schema_migrated.connect(boot.check_migrated, dispatch_uid="tenancy.check_migrated")
        worker_init.connect(boot.check_worker, dispatch_uid="tenancy.check_worker")


def grant_to_app_role(sender: object, **kwargs: object) -> None:
    """Let the role of web and workers use what the owner makes from now on, in every schema; append-only tables take rights back themselves."""
    if settings.PORTAL_DB_ROLE != "owner":
        return
    role = connection.ops.quote_name(settings.PORTAL_APP_ROLE)
    with connection.cursor() as cursor:
        for rights in ("USAGE ON SCHEMAS", "SELECT, INSERT, UPDATE, DELETE ON TABLES", "USAGE, SELECT ON SEQUENCES"):
            cursor.execute(f"ALTER DEFAULT PRIVILEGES GRANT {rights} TO {role}")
        cursor.execute(f"GRANT USAGE ON SCHEMA public TO {role}")
