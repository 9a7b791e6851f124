"""The settings of the processes that fault tests start: the portal's own, with times short enough to wait for."""

import os

from billing_portal.settings import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_TIMEOUT = 2
# Far too small on purpose: whatever takes longer is delivered again while it still runs (reliability 43).
CELERY_BROKER_TRANSPORT_OPTIONS |= {"visibility_timeout": 1, "unacked_restore_interval": 1}  # noqa: F405
CELERY_BEAT_SCHEDULE["sweep"]["schedule"] = float(os.environ["PORTAL_TEST_SWEEP"])  # noqa: F405
