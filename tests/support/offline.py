"""The settings for tools that only read them (mypy): nothing is reached."""

import os

OFFLINE = {
    "PORTAL_ENV": "test",
    "SECRET_KEY": "only-for-tools",
    "DATABASE_URL": "postgres://portal_app@/portal",
    "DATABASE_OWNER_URL": "postgres://portal_owner@/portal",
    "REDIS_URL": "redis://127.0.0.1:9/0",
}
os.environ.update(OFFLINE)

from billing_portal.settings import *  # noqa: E402, F403  (the environment comes first)
