"""The settings of the processes that fault tests start: the portal's own, with times short enough to wait for."""

import os

from billing_portal.settings import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_TIMEOUT = 2
CELERY_BROKER_TRANSPORT_OPTIONS["visibility_timeout"] = int(os.environ["PORTAL_TEST_VISIBILITY"])  # noqa: F405
CELERY_BEAT_SCHEDULE["sweep"]["schedule"] = float(os.environ["PORTAL_TEST_SWEEP"])  # noqa: F405
