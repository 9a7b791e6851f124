"""The settings of the portal that browser tests drive: the portal's own, with passwords that are hashed fast and a cache that tests may empty."""

import os

from billing_portal.settings import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
CACHES["default"]["LOCATION"] = os.environ["PORTAL_TEST_CACHE"]  # noqa: F405
