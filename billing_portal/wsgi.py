"""The web application; WSGI only, because a request has exactly one reseller and one thread."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "billing_portal.settings")

import billing_portal.celery  # noqa: F401 - jobs written by a request wake workers through it

application = get_wsgi_application()
