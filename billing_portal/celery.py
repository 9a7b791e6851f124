"""Celery wakes work up; the work itself lies in the database (`billing_portal.jobs`)."""

import os

from tenant_schemas_celery.app import CeleryApp

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "billing_portal.settings")

app = CeleryApp("billing_portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
