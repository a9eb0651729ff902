"""Django settings, read from the environment; docs/configuration.md describes every variable."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dj_database_url
from celery.schedules import crontab
from django.utils.translation import gettext_lazy as _
from redis.backoff import NoBackoff
from redis.retry import Retry

from botsite import embedded
from botsite.env import EnvironmentReader, InvalidEnvironment
from botsite.resilience.quotas import API_CLIENT, QUOTAS
from botsite.telemetry.logging import DESTINATIONS, logging_config

BASE_DIR = Path(__file__).resolve().parent.parent
env = EnvironmentReader()

try:
    VAR_DIR = Path(env.text("VAR_DIR", str(BASE_DIR / "var"))).absolute()
    STATIC_ROOT = env.text("STATIC_ROOT") or None
    LOG_DIR = Path(env.text("LOG_DIR", str(BASE_DIR / "logs"))).absolute()
    LOG_TO = env.choice("LOG_TO", "both", DESTINATIONS)
    DEBUG = env.flag("DEBUG", default=False)

    # On a machine with nothing configured: private servers and generated keys, kept under VAR_DIR.
    LOCAL = embedded.is_permitted(VAR_DIR) or DEBUG
    DATABASE_URL = env.url("DATABASE_URL", schemes=("postgres", "postgresql"))
    REDIS_URL = env.url("REDIS_URL", schemes=("redis", "rediss", "unix"))
    if not LOCAL:
        for name, value in (("DATABASE_URL", DATABASE_URL), ("REDIS_URL", REDIS_URL)):
            if not value:
                raise InvalidEnvironment(
                    name, None, "the address of the server (or start with 'manage.py up')"
                )
    services = embedded.service_urls(VAR_DIR)
    DATABASE_URL = DATABASE_URL or services.database
    REDIS_URL = REDIS_URL or services.redis

    generated = embedded.local_keys(VAR_DIR) if LOCAL else embedded.LocalKeys("", "")
    SECRET_KEY = env.text("SECRET_KEY", generated.secret_key)
    FIELD_ENCRYPTION_KEYS = env.fernet_keys("FIELD_ENCRYPTION_KEY", generated.field_encryption_key)
    if not SECRET_KEY:
        raise InvalidEnvironment("SECRET_KEY", None, "a long random text")
    if not FIELD_ENCRYPTION_KEYS:
        raise InvalidEnvironment("FIELD_ENCRYPTION_KEY", None, "one or more Fernet keys, comma-separated")

    ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", ["127.0.0.1", "localhost", "[::1]"] if LOCAL else [])
    CSRF_TRUSTED_ORIGINS = env.words("CSRF_TRUSTED_ORIGINS")
    SITE_URL = env.url("SITE_URL")
    EMAIL = env.email("EMAIL_URL")
    DEFAULT_FROM_EMAIL = env.text("EMAIL_FROM", "botsite@localhost")
    ALERT_EMAILS = env.words("ALERT_EMAILS")
    if ALERT_EMAILS and not env.text("EMAIL_URL"):
        raise InvalidEnvironment("EMAIL_URL", None, "the mail server, as there are ALERT_EMAILS: smtp://…")
    TRUSTED_PROXIES = env.networks("TRUSTED_PROXIES")
    ALLOWED_PRIVATE_HOSTS = env.hosts("ALLOWED_PRIVATE_HOSTS")
    METRICS_ALLOWED_NETWORKS = env.networks("METRICS_ALLOWED_NETWORKS")
    HTTPS = env.flag("HTTPS", default=not LOCAL)
    HSTS_SECONDS = env.integer("HSTS_SECONDS", 3600, minimum=0)
    LOGIN_ATTEMPTS = env.integer("LOGIN_ATTEMPTS", 5)
    LOGIN_LOCKOUT_SECONDS = env.seconds("LOGIN_LOCKOUT_SECONDS", 900)
    LANGUAGE_CODE = env.text("LANGUAGE_CODE", "es")
    TIME_ZONE = env.text("TIME_ZONE", "UTC")

    DATABASE_CONNECTIONS = env.integer("DATABASE_CONNECTIONS", 10, minimum=3)
    DATABASE_STATEMENT_SECONDS = env.seconds("DATABASE_STATEMENT_SECONDS", 4)
    RETENTION_DAYS = env.integer("RETENTION_DAYS", 30)
    API_CALLS_PER_MINUTE = env.integer("API_CALLS_PER_MINUTE", API_CLIENT.limit)
    QUOTA_LIMITS = env.numbers("QUOTA_LIMITS", known=QUOTAS.keys() - {API_CLIENT.name})
    WHAPI_TOKEN = env.text("WHAPI_TOKEN")
    WHAPI_BASE_URL = env.url("WHAPI_BASE_URL", "https://gate.whapi.cloud")

    LARAVEL_API_URL = env.url("LARAVEL_API_URL")
    LARAVEL_API_TOKEN = env.text("LARAVEL_API_TOKEN")
    BATCH_SIZE = env.integer("BATCH_SIZE", 50, maximum=1000)
    BATCH_INTERVAL_SECONDS = env.seconds("BATCH_INTERVAL_SECONDS", 5, minimum=0.1, maximum=300)
    PRIORITY_INTERVAL_SECONDS = env.seconds("PRIORITY_INTERVAL_SECONDS", 0.5, minimum=0, maximum=60)

    INVENTORY_WSDL_URL = env.url("INVENTORY_WSDL_URL")
    INVENTORY_TIMEOUT_SECONDS = env.seconds("INVENTORY_TIMEOUT_SECONDS", 5, maximum=30)

    LLM_TIMEOUT_SECONDS = env.seconds("LLM_TIMEOUT_SECONDS", 30)
    ASSISTANT_INSTRUCTIONS = env.text("ASSISTANT_INSTRUCTIONS")
    PROMPT_TOKEN_BUDGET = env.integer("PROMPT_TOKEN_BUDGET", 5000, minimum=500)
    # Empty addresses and models stand for the provider's own (conversations/llm/providers.py).
    OPENAI_API_KEY = env.text("OPENAI_API_KEY")
    OPENAI_BASE_URL = env.url("OPENAI_BASE_URL")
    OPENAI_MODEL = env.text("OPENAI_MODEL")
    DEEPSEEK_API_KEY = env.text("DEEPSEEK_API_KEY")
    DEEPSEEK_BASE_URL = env.url("DEEPSEEK_BASE_URL")
    DEEPSEEK_MODEL = env.text("DEEPSEEK_MODEL")
    GEMINI_API_KEY = env.text("GEMINI_API_KEY")
    GEMINI_BASE_URL = env.url("GEMINI_BASE_URL")
    GEMINI_MODEL = env.text("GEMINI_MODEL")
    OPENROUTER_API_KEY = env.text("OPENROUTER_API_KEY")
    OPENROUTER_BASE_URL = env.url("OPENROUTER_BASE_URL")
    OPENROUTER_MODEL = env.text("OPENROUTER_MODEL")
    OPENAI_RESPONSES = env.flag("OPENAI_RESPONSES", default=False)

    WATCH = env.flag("WATCH", default=True)
    MEMORY_WARN_PERCENT = env.integer("MEMORY_WARN_PERCENT", 85, maximum=100)
    MEMORY_CRITICAL_PERCENT = env.integer("MEMORY_CRITICAL_PERCENT", 95, maximum=100)
    DISK_WARN_PERCENT = env.integer("DISK_WARN_PERCENT", 85, maximum=100)
    DISK_CRITICAL_PERCENT = env.integer("DISK_CRITICAL_PERCENT", 95, maximum=100)
    QUEUE_WARN_SECONDS = env.seconds("QUEUE_WARN_SECONDS", 60)
    QUEUE_CRITICAL_SECONDS = env.seconds("QUEUE_CRITICAL_SECONDS", 300)

    BUFFER_SECONDS = env.seconds("BUFFER_SECONDS", 3, minimum=0, maximum=300)
    SEND_PAIR_SECONDS = env.seconds("SEND_PAIR_SECONDS", 6, minimum=0)
    CACHE_LOCAL_MB = env.integer("CACHE_LOCAL_MB", 100)
    WORKER_THREADS = env.integer("WORKER_THREADS", 16, maximum=200)
    LOCK_TIMEOUT_SECONDS = env.seconds("LOCK_TIMEOUT_SECONDS", 300)
    ACTIVITY_DELAY_SECONDS = env.seconds("ACTIVITY_DELAY_SECONDS", 600, minimum=0)
    THREAD_MAX_AGE_HOURS = env.integer("THREAD_MAX_AGE_HOURS", 720)
    THREAD_TOKEN_THRESHOLD = env.integer("THREAD_TOKEN_THRESHOLD", 8000)
    HISTORIAL_SUMMARY_THRESHOLD = env.integer("HISTORIAL_SUMMARY_THRESHOLD", 5000)
    CLEANUP_INTERVAL = env.seconds(
        "CLEANUP_INTERVAL", 3600, maximum=86_400, hint=" (they are seconds, not milliseconds)"
    )
except (InvalidEnvironment, embedded.EmbeddedError) as error:
    raise SystemExit(f"botsite: {error}") from None

# --- The application -------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "botsite.apps.BotsiteConfig",
    "botsite.apps.BotsiteAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "botsite.apps.LoginLockoutConfig",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "botsite.api",
    "botsite.caching",
    "sessions_app",
    "conversations",
    "conversations.shop",
    "monitoring",
]

MIDDLEWARE = [
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "botsite.telemetry.request_context.RequestContextMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "botsite.api.middleware.error_envelope",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "botsite.request_limits.RequestLimitsMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
    "botsite.host_metrics_middleware.HostMetricsMiddleware",
]

ROOT_URLCONF = "botsite.urls"
WSGI_APPLICATION = "botsite.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
APPEND_SLASH = False
LOGIN_URL = "admin:login"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# --- Stores ----------------------------------------------------------------------------------------------

# What a request or task gives back stays open for the next one: see botsite/postgres/idle.py.
DATABASES = {"default": dj_database_url.parse(DATABASE_URL, engine="botsite.postgres", conn_max_age=0)}
DATABASES["default"].setdefault("OPTIONS", {}).update(
    keepalives_idle=5,
    keepalives_interval=2,
    keepalives_count=2,
    tcp_user_timeout=5000,
    application_name="botsite",
)
# Deadlines of our own are in botsite/postgres; these end what the kernel knows to be dead.

CACHES = {
    "default": {
        "BACKEND": "django_prometheus.cache.backends.redis.RedisCache",  # django-redis's, counting
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "botsite",
        "OPTIONS": {
            "SOCKET_CONNECT_TIMEOUT": 0.5,
            "SOCKET_TIMEOUT": 0.5,
            "IGNORE_EXCEPTIONS": True,
        },
    },
    "layers": {  # botsite.caching is the one user
        "BACKEND": "django_redis.cache.RedisCache",
        # django-redis has one pool per address; the time-outs stand there so that this one is another.
        "LOCATION": f"{REDIS_URL}{'&' if '?' in REDIS_URL else '?'}socket_timeout=0.25",
        "KEY_PREFIX": "botsite:cache",
        "OPTIONS": {
            "SOCKET_CONNECT_TIMEOUT": 0.25,
            "SOCKET_TIMEOUT": 0.25,
            "CONNECTION_POOL_KWARGS": {"retry": Retry(NoBackoff(), 0)},
            "CLIENT_CLASS": "botsite.caching.client.JsonClient",
            "SERIALIZER": "django_redis.serializers.json.JSONSerializer",
            "COMPRESSOR": "botsite.caching.compression.LargeValueCompressor",
        },
    },
}
DJANGO_REDIS_LOG_IGNORED_EXCEPTIONS = True
SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"

# --- E-mail: alerts and nothing else -----------------------------------------------------------------------

globals().update(EMAIL)
EMAIL_TIMEOUT = 10

# --- Celery: tasks are hints, the truth is in Postgres -----------------------------------------------------

CELERY_BROKER_URL = embedded.broker_url(REDIS_URL)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # the sweeper works on while the broker is away
CELERY_BROKER_TRANSPORT_OPTIONS = {
    # Noting in Redis that a hint was taken, when Redis has gone away, ends the whole worker (kombu 5.7).
    "ack_emulation": False,
    "max_retries": 0,  # a hint is worth no waiting; workers reconnect by another rule
    "socket_connect_timeout": 1,
    "socket_timeout": 5,
    "global_keyprefix": "botsite:celery:",
}
CELERY_TASK_DEFAULT_QUEUE = "botsite"
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_STORE_ERRORS_EVEN_IF_IGNORED = False
CELERY_TASK_PUBLISH_RETRY = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_CONCURRENCY = WORKER_THREADS
CELERY_WORKER_PREFETCH_MULTIPLIER = 4
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULER = "monitoring.beat:WatchedScheduler"
CELERY_BEAT_MAX_LOOP_INTERVAL = 10  # it says that it is alive between its tasks
CELERY_BEAT_SCHEDULE = {
    "clean-threads": {
        "task": "conversations.clean_threads",
        "schedule": CLEANUP_INTERVAL,
        "options": {"expires": CLEANUP_INTERVAL},  # with no worker about they must not pile up
    },
    "restore-breakers": {
        "task": "monitoring.restore_breakers",
        "schedule": 60,
        "options": {"expires": 60},
    },
    "retention": {
        "task": "monitoring.retention",
        "schedule": crontab(hour="3", minute="17"),
        "options": {"expires": 3600},
    },
    "look-after-orders": {"task": "sessions.look_after_orders", "schedule": 60, "options": {"expires": 60}},
    "wipe-expired-codes": {"task": "sessions.wipe_expired_codes", "schedule": 30, "options": {"expires": 30}},
    "clean-forward-batches": {
        "task": "sessions.clean_forward_batches",
        "schedule": 3600,
        "options": {"expires": 3600},
    },
    "clean-shop-sessions": {"task": "shop.clean_sessions", "schedule": 3600, "options": {"expires": 3600}},
}

# --- Web -------------------------------------------------------------------------------------------------

DATA_UPLOAD_MAX_MEMORY_SIZE = 3_145_728  # Meta's webhooks reach 3 MB
USE_I18N = True
USE_TZ = True
LANGUAGES = [("es", _("Spanish")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = "botsite.formats"
STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = HTTPS
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
SECURE_HSTS_SECONDS = HSTS_SECONDS if HTTPS else 0
# Only a proxy may say that a request came by https: ours overwrites the header (deploy/nginx).
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS and TRUSTED_PROXIES else None
SILENCED_SYSTEM_CHECKS = [
    "security.W005",  # the subdomains belong to other sites, too: not ours to decide
    "security.W008",  # nginx redirects to https; a webhook that was redirected would be lost
    "security.W021",  # nor whether browsers are to know the whole domain by heart
]
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "base-uri": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
        "object-src": ["'none'"],
    }
}

AUTHENTICATION_BACKENDS = ["axes.backends.AxesBackend", "django.contrib.auth.backends.ModelBackend"]
AXES_FAILURE_LIMIT = LOGIN_ATTEMPTS
AXES_COOLOFF_TIME = timedelta(seconds=LOGIN_LOCKOUT_SECONDS)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_RESET_ON_SUCCESS = True
AXES_CLIENT_IP_CALLABLE = "botsite.login_lockout.address_of"
AXES_LOCKOUT_CALLABLE = "botsite.login_lockout.locked_out"
AXES_DISABLE_ACCESS_LOG = True
AXES_ENABLE_ADMIN = False  # botsite/login_admin.py has our own
AXES_VERBOSE = False

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]

REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["botsite.api.parsers.StrictJSONParser"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "botsite.api.negotiation.JsonOnly",
    "DEFAULT_AUTHENTICATION_CLASSES": ["botsite.api.authentication.ApiKeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["botsite.api.permissions.HasScope"],
    "DEFAULT_METADATA_CLASS": None,
    "EXCEPTION_HANDLER": "botsite.api.handlers.exception_handler",
    "NON_FIELD_ERRORS_KEY": "body",
    "DEFAULT_SCHEMA_CLASS": "botsite.api.schema.ApiSchema",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Botsite",
    "DESCRIPTION": "Messages, customers, sessions and figures, for other systems. docs/api.md says more.",
    "VERSION": "1",
    "SCHEMA_PATH_PREFIX": "^/api",
    "PREPROCESSING_HOOKS": ["botsite.api.schema.api_endpoints"],
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "conversations.webhook_schema.add_webhooks",
        "monitoring.health.schema.add_health",
    ],
    "COMPONENT_SPLIT_REQUEST": False,
    "ENUM_NAME_OVERRIDES": {"State": "conversations.api.shapes.STATES"},
}

LOGGING = logging_config(
    LOG_DIR,
    debug=DEBUG,
    to=LOG_TO,
    secrets=[
        *(SECRET_KEY, *FIELD_ENCRYPTION_KEYS, WHAPI_TOKEN),
        *(OPENAI_API_KEY, DEEPSEEK_API_KEY, GEMINI_API_KEY, OPENROUTER_API_KEY),
        *(urlsplit(url).password or "" for url in (DATABASE_URL, REDIS_URL)),
        EMAIL.get("EMAIL_HOST_PASSWORD", ""),
    ],
)
LOGGING["loggers"]["axes"] = {"level": "ERROR"}  # its lines hold what people typed as their name
LOGGING_CONFIG = "botsite.telemetry.logging.configure"
