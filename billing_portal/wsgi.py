"""The web application; WSGI only, because a request has exactly one reseller and one thread."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "billing_portal.settings")
os.environ.setdefault("DATABASE_STATEMENT_SECONDS", "30")  # nobody waits longer for a page

import billing_portal.celery  # noqa: F401 - jobs written by a request wake workers through it

_django = get_wsgi_application()

from billing_portal.tenancy import boot  # noqa: E402 - models can be imported from here on
from billing_portal.web.charsets import OnlyReadCharsets  # noqa: E402

application = OnlyReadCharsets(_django)

boot.check_now_or_later()
