"""The suite's stores and environment, arranged before Django reads its settings.

Without DATABASE_URL or REDIS_URL private servers of the suite's own are started under var/test, so that a
running demo is not touched. Given ones are used, but only test_<name> in PostgreSQL and, in Redis, a
numbered database that was empty (see redis_database.py).
"""

import logging
import os
from collections.abc import Iterator
from pathlib import Path

import django
import pytest
from django.conf import settings
from django.db import connection
from pytest_django import DjangoDbBlocker

from botsite import embedded
from botsite.telemetry.events import circuit_changed, security_event
from tests.caching import forget_cached_values, listen
from tests.network import refuse_outside_connections
from tests.redis_database import ClaimedDatabase

pytest_plugins = [
    "tests.circuits",
    "tests.fakes.fixtures",
    "tests.log_watch",
    "tests.recording",
    "tests.redis_rest",
]

# What a developer's shell may hold and a test must not depend on.
FOREIGN_VARIABLES = {
    "DEBUG",
    "HTTPS",
    "LANGUAGE_CODE",
    "LOG_TO",
    "TIME_ZONE",
    "ALLOWED_HOSTS",
    "SECRET_KEY",
    "FIELD_ENCRYPTION_KEY",
    "TRUSTED_PROXIES",
    "ALLOWED_PRIVATE_HOSTS",
    "LOGIN_ATTEMPTS",
    "STATIC_ROOT",
    "CSRF_TRUSTED_ORIGINS",
    "EMAIL_URL",
    "EMAIL_FROM",
    "ALERT_EMAILS",
    "SITE_URL",
    "ASSISTANT_INSTRUCTIONS",
    "PROMPT_TOKEN_BUDGET",
    "INVENTORY_WSDL_URL",
    "BATCH_SIZE",
    "RETENTION_DAYS",
    "API_CALLS_PER_MINUTE",
}
FOREIGN_PREFIXES = (
    "OPENAI_",
    "DEEPSEEK_",
    "GEMINI_",
    "OPENROUTER_",
    "LARAVEL_",
    "WHAPI_",
    "GRAPH_",
    "METRICS_",
    "PROMETHEUS_",
)
FOREIGN_SUFFIXES = ("_SECONDS", "_HOURS", "_INTERVAL", "_THRESHOLD")


def _clean_environment() -> None:
    for name in list(os.environ):
        if name in FOREIGN_VARIABLES or name.startswith(FOREIGN_PREFIXES) or name.endswith(FOREIGN_SUFFIXES):
            del os.environ[name]
    os.environ["BOTSITE_LOCAL"] = "1"
    os.environ["QUOTA_LIMITS"] = "ip=0"  # all tests call from one address; the limit's own tests set it
    os.environ["DJANGO_SETTINGS_MODULE"] = "botsite.settings"


def _use_own_folder() -> Path:
    """xdist's workers inherit the controller's environment, and with it the folder."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        default = Path(__file__).resolve().parent.parent / "var"
        os.environ["VAR_DIR"] = str(Path(os.environ.get("VAR_DIR") or default).absolute() / "test")
    folder = Path(os.environ["VAR_DIR"])
    os.environ["LOG_DIR"] = str(folder / "logs")
    return folder


def _start_stores(folder: Path) -> embedded.RunningServices:
    services = embedded.ensure_running(folder)
    urls = embedded.service_urls(folder)
    for name, url in (("DATABASE_URL", urls.database), ("REDIS_URL", urls.redis)):
        os.environ[name] = os.environ.get(name) or url
    return services


_clean_environment()
SERVICES = _start_stores(_use_own_folder())
refuse_outside_connections(os.environ["DATABASE_URL"], os.environ["REDIS_URL"])
REDIS_DATABASE = ClaimedDatabase(os.environ["REDIS_URL"])
os.environ["REDIS_URL"] = REDIS_DATABASE.url
django.setup()  # the conftest files of the folders below import models
# They store from threads, on connections outside of any test's transaction; their own tests connect them.
circuit_changed.disconnect(dispatch_uid="breaker_events")
security_event.disconnect(dispatch_uid="security_events")
if REDIS_DATABASE.url != settings.REDIS_URL:  # tests would flush what they were only pointed at
    pytest.exit("Django's settings were read too early: unset DJANGO_SETTINGS_MODULE, leave out --ds", 4)
# xdist's workers inherit the environment, and pytest-django would read the settings before this file.
del os.environ["DJANGO_SETTINGS_MODULE"]


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """pytest-django's own, the cache listening, and an end to sessions that threads still hold.

    PostgreSQL drops no database that somebody is connected to.
    """
    with django_db_blocker.unblock():
        listen()
    yield
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@pytest.fixture(autouse=True)
def _no_cached_values_of_other_tests() -> Iterator[None]:
    """What a test cached is of rows that are rolled back: no other test may find it."""
    yield
    forget_cached_values()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take minutes: begun last, one process works and the others wait."""
    long_files = {item.path for item in items if item.get_closest_marker("stack")}
    items.sort(key=lambda item: item.path not in long_files)


def pytest_unconfigure(config: pytest.Config) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"  # what is flushed at exit must not fill a released database
    REDIS_DATABASE.release()
    logging.disable()  # threads that listen to Redis would say that it is gone
    SERVICES.close()
