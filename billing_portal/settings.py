"""Settings of the portal, all from the environment (`.env.example`). Without secrets it refuses to start in production."""

from pathlib import Path
from urllib.parse import urlsplit

import environ

from billing_portal.env import BASE_DIR, data_folder

env = environ.Env()

PORTAL_ENV: str = env("PORTAL_ENV", default="production")
DEVELOPMENT = PORTAL_ENV in {"demo", "test"}
DEBUG: bool = env.bool("DEBUG", default=False)
SECRET_KEY: str = env("SECRET_KEY")
SECRET_KEY_FALLBACKS: list[str] = env.list("SECRET_KEY_FALLBACKS", default=[])
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", default=["localhost", ".localhost"] if DEVELOPMENT else environ.Env.NOTSET)
PORTAL_DATA: Path = data_folder()
PORTAL_PORT: int = env.int("PORTAL_PORT", default=8000 if DEVELOPMENT else 443)
PORTAL_INSTANCE: str = env("PORTAL_INSTANCE", default="")
PORTAL_SCHEME = "http" if DEVELOPMENT else "https"
ROOT_SCHEMA = "owner"

# --- apps: what lies in the shared schema, and what exists once per reseller -------------------------------------
SHARED_APPS = ["django_tenants", "billing_portal.tenancy", "billing_portal.staticfiles.PortalStaticFilesConfig"]
TENANT_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "billing_portal.jobs",
    "billing_portal.mail",
    "billing_portal.accounts",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "billing_portal.web",
    "rateplans",
    "customers",
    "invoicing",
    "billing_portal.demo",
    "django_htmx",
    "django_countries",
]
INSTALLED_APPS = SHARED_APPS + TENANT_APPS
TENANT_MODEL = "tenancy.Reseller"
TENANT_DOMAIN_MODEL = "tenancy.Domain"
TENANT_LIMIT_SET_CALLS = True
GET_EXECUTOR_FUNCTION = "billing_portal.tenancy.domain.upgrades.executor"
PUBLIC_SCHEMA_NAME = "public"
SHOW_PUBLIC_IF_NO_TENANT_FOUND = False
AUTH_USER_MODEL = "accounts.User"
SILENCED_SYSTEM_CHECKS = ["auth.W004"]  # usernames are unique whatever their case, by a constraint over an expression, which the check does not see
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

MIDDLEWARE = [
    "billing_portal.web.headers.HeadersMiddleware",
    "billing_portal.tenancy.middleware.ResellerMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "billing_portal.web.charsets.CharsetMiddleware",
    "billing_portal.accounts.middleware.SessionCookieIsSound",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "billing_portal.accounts.middleware.SessionBelongsToReseller",
    "billing_portal.accounts.middleware.SessionIsListed",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "customers.middleware.ViewerMiddleware",
    "billing_portal.web.uploads.DoorMiddleware",
    "billing_portal.web.access.AccessMiddleware",
    "customers.middleware.CustomerFormsMiddleware",
]
ROOT_URLCONF = "billing_portal.urls"
WSGI_APPLICATION = "billing_portal.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "billing_portal.web.context.portal",
            ],
        },
    }
]

# --- database: one alias, the role by environment ------------------------------------------------------------------
PORTAL_DB_ROLE: str = env("PORTAL_DB_ROLE", default="app")
_database_url = "DATABASE_OWNER_URL" if PORTAL_DB_ROLE == "owner" else "DATABASE_URL"
DATABASES = {
    "default": {
        **env.db_url(_database_url, engine="django_tenants.postgresql_backend"),
        "CONN_MAX_AGE": env.int("CONN_MAX_AGE", default=60),
        "CONN_HEALTH_CHECKS": True,
    }
}
DATABASES["default"].setdefault("OPTIONS", {})["connect_timeout"] = 5
DATABASE_STATEMENT_SECONDS: int = env.int("DATABASE_STATEMENT_SECONDS", default=600 if PORTAL_DB_ROLE == "app" else 0)
DATABASE_ROUTERS = ["django_tenants.routers.TenantSyncRouter"]
PORTAL_APP_ROLE: str = urlsplit(env("DATABASE_URL")).username or "portal_app"

# --- Redis: cache and broker; nothing that cannot be lost ------------------------------------------------------------
REDIS_URL: str = env("REDIS_URL")
CACHES = {
    "default": {
        "BACKEND": "billing_portal.tenancy.cache.TolerantCache",
        "LOCATION": REDIS_URL.replace("redis+socket://", "unix://"),
        "KEY_FUNCTION": "django_tenants.cache.make_key",
        "REVERSE_KEY_FUNCTION": "django_tenants.cache.reverse_key",
        "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 1},
    }
}
CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://")
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_TIME_LIMIT = 900
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 1800,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    "max_retries": 0,  # whoever sends a message does not wait for a broker that is away
    "socket_connect_timeout": 1,
    "socket_timeout": 3,  # above the second a worker waits for its next message
}
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # a worker waits for its broker as long as it takes
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_POOL_ACQUIRE_TIMEOUT = 3
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TIMEZONE = "UTC"
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULE = {
    "sweep": {"task": "jobs.sweep", "schedule": 30.0, "options": {"expires": 25}},
    "tidy-sign-ins": {"task": "accounts.tidy", "schedule": 86400.0, "options": {"expires": 3600}},
    "make-partitions": {"task": "tenancy.make_partitions", "schedule": 86400.0, "options": {"queue": "provisioning"}},
    "look-for-due-periods": {"task": "invoicing.look_for_due_periods", "schedule": 900.0, "options": {"queue": "invoices", "expires": 800}},
    "sweep-low-balance": {"task": "invoicing.sweep_low_balance", "schedule": 900.0, "options": {"queue": "payments", "expires": 800}},
}

# --- signing in ----------------------------------------------------------------------------------------------------
AUTHENTICATION_BACKENDS = ["billing_portal.accounts.backends.SignInBackend"]
PASSWORD_MIN_LENGTH: int = env.int("PASSWORD_MIN_LENGTH", default=15)
PASSWORD_MIN_LENGTH_WITH_SECOND_FACTOR: int = env.int("PASSWORD_MIN_LENGTH_WITH_SECOND_FACTOR", default=8)
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator", "OPTIONS": {"user_attributes": ("username", "email", "full_name")}},
    {"NAME": "billing_portal.accounts.validators.LengthBySecondFactor"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "customers.adapter.CustomerAccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = "username"
ACCOUNT_USER_MODEL_EMAIL_FIELD = "email"
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_FORMS = {"login": "billing_portal.accounts.forms.SignInForm"}
ACCOUNT_RATE_LIMITS = MFA_RATE_LIMITS = False  # tries are counted in a table of accounts, so that signing in needs no Redis
MFA_ADAPTER = "billing_portal.accounts.adapter.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_RECOVERY_CODE_DIGITS = 10
REQUIRE_SECOND_FACTOR: bool = env.bool("REQUIRE_SECOND_FACTOR", default=not DEVELOPMENT)
ACCOUNT_SESSION_REMEMBER = True
LOGIN_LINK_HOURS = 72
CUSTOMER_NAMES_UNIQUE: str = env("CUSTOMER_NAMES_UNIQUE", default="platform")

# --- cookies, headers ------------------------------------------------------------------------------------------------
_cookie_suffix = f"-{PORTAL_INSTANCE}" if PORTAL_INSTANCE else ""
SESSION_COOKIE_NAME = f"__Host-session{_cookie_suffix}"
CSRF_COOKIE_NAME = f"__Host-csrf{_cookie_suffix}"
KNOWN_COOKIE_NAME = f"__Host-known{_cookie_suffix}"
PASSKEY_COOKIE_NAME = f"__Host-passkey{_cookie_suffix}"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = 60 * 60 * 24 * 14
CSRF_FAILURE_VIEW = "billing_portal.web.errors.csrf_failure"
SECURE_SSL_REDIRECT = not DEVELOPMENT
SECURE_HSTS_SECONDS = 0 if DEVELOPMENT else 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = not DEVELOPMENT
_behind_proxy: bool = env.bool("BEHIND_TLS_PROXY", default=not DEVELOPMENT)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _behind_proxy else None
ALLAUTH_TRUSTED_PROXY_COUNT: int = env.int("TRUSTED_PROXIES", default=int(_behind_proxy))
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
MESSAGE_STORAGE = "billing_portal.web.messages.MessageStorage"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000  # a form without its files; read before it is known who sends it, and many times larger once it is taken apart
FILE_UPLOAD_HANDLERS = ["billing_portal.web.uploads.FileHandler"]
API_BODY_MOST_BYTES = 16_000_000  # 10,000 records with every field full, unless in letters of several bytes
API_BODY_MOST_VALUES = 500_000  # about: commas and brackets, for each record as many as it has fields four times over
FILE_UPLOAD_MAX_MEMORY_SIZE = 60 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000

# --- mail ------------------------------------------------------------------------------------------------------------
vars().update(env.email_url("EMAIL_URL", default="smtp://127.0.0.1:25"))
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL: str = env("DEFAULT_FROM_EMAIL", default="billing@portal.localhost" if DEVELOPMENT else environ.Env.NOTSET)
MAILBOX_URL: str = env("MAILBOX_URL", default="")

# --- language, time, files -----------------------------------------------------------------------------------------
LANGUAGE_CODE = "en-gb"
LANGUAGES = [("en-gb", "English")]
USE_I18N = USE_TZ = True
TIME_ZONE = "UTC"
STATIC_URL = "/static/"
STATIC_ROOT = Path(env("STATIC_ROOT", default=str(PORTAL_DATA / "static")))
STATICFILES_DIRS = [
    BASE_DIR / "billing_portal" / "static",
    ("tabler", BASE_DIR / "node_modules" / "@tabler" / "core" / "dist"),
    ("inter", BASE_DIR / "node_modules" / "@fontsource-variable" / "inter"),  # on the screen
    ("inter-print", BASE_DIR / "node_modules" / "@fontsource" / "inter"),  # on paper
]
MEDIA_ROOT = Path(env("MEDIA_ROOT", default=str(PORTAL_DATA / "files")))
_manifest = "whitenoise.storage.CompressedManifestStaticFilesStorage"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage" if PORTAL_ENV == "test" else _manifest},
}
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = PORTAL_ENV == "test"
WHITENOISE_MAX_AGE = 3600

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "billing_portal.logs.LineFormatter", "format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env("LOG_LEVEL", default="INFO")},
    # Thirty lines for every page; what goes wrong is raised.
    "loggers": {"weasyprint": {"level": "ERROR"}, "weasyprint.progress": {"level": "ERROR"}, "fontTools": {"level": "ERROR"}},
}
