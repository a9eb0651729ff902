"""Health checks of what the site stands on; each has a deadline and none raises."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import redis
from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection

REDIS_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class CheckResult:
    """`status` is "up" or "down"; `latency_ms` is how long the check took."""

    status: str
    latency_ms: float


def check_database() -> None:
    """Raises django.db.Error when Postgres does not answer (connecting takes 3 s at the most)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def check_redis() -> None:
    """Raises redis.RedisError when Redis does not answer within a second."""
    client = redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=REDIS_SECONDS, socket_connect_timeout=REDIS_SECONDS
    )
    with client:
        client.ping()


CHECKS: dict[str, Callable[[], None]] = {"database": check_database, "redis": check_redis}


def run_checks() -> dict[str, CheckResult]:
    """Run every check; an outage is a result, never an exception."""
    return {name: _timed(check) for name, check in CHECKS.items()}


def _timed(check: Callable[[], None]) -> CheckResult:
    started = time.perf_counter()
    status = "up"
    try:
        check()
    except (DatabaseError, redis.RedisError, OSError):
        status = "down"
    return CheckResult(status, round((time.perf_counter() - started) * 1000, 1))
