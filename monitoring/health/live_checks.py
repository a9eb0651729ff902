"""What a process needs to take messages, asked at this moment: Postgres and Redis, within five seconds."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import redis
from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection

from botsite.postgres import waiting

OPEN_CONNECTION_SECONDS = 0.5
"""For a connection that is open already; then an idle one and a new one are tried."""
REDIS_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class CheckResult:
    """`status` is "up" or "down"; `latency_ms` is how long the check took."""

    status: str
    latency_ms: float


def check_database() -> None:
    """Raises django.db.Error when Postgres does not answer within 4.5 seconds."""
    # Past Django, which would allow for its being old with time of its own.
    if connection.connection is not None and waiting.still_answers(
        connection.connection, seconds=OPEN_CONNECTION_SECONDS
    ):
        return
    connection.close()
    connection.ensure_connection()


def check_redis() -> None:
    """Raises redis.RedisError when Redis does not answer within a second."""
    client = redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=REDIS_SECONDS, socket_connect_timeout=REDIS_SECONDS
    )
    with client:
        client.ping()


CHECKS: dict[str, Callable[[], None]] = {"database": check_database, "redis": check_redis}


def run_checks() -> dict[str, CheckResult]:
    """Run both; an outage is a result, never an exception."""
    return {name: _timed(check) for name, check in CHECKS.items()}


def _timed(check: Callable[[], None]) -> CheckResult:
    started = time.perf_counter()
    status = "up"
    try:
        check()
    except (DatabaseError, redis.RedisError, OSError):
        status = "down"
    return CheckResult(status, round((time.perf_counter() - started) * 1000, 1))
