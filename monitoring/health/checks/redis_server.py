"""Redis, and the task queue in it."""

import time
from typing import Any

import redis
from celery import current_app
from django.conf import settings
from django.utils.translation import gettext_noop as _
from kombu import Connection
from kombu.exceptions import OperationalError as BrokerError

from monitoring.health.findings import Finding
from monitoring.models import Status

SECONDS = 1.0
FULL_PERCENT = 90


def look() -> Finding:
    """Ask Redis for an answer and for its memory."""
    try:
        with redis.Redis.from_url(
            settings.REDIS_URL, socket_timeout=SECONDS, socket_connect_timeout=SECONDS
        ) as client:
            started = time.perf_counter()
            client.ping()
            latency = round((time.perf_counter() - started) * 1000, 1)
            memory = client.info("memory")
    except (redis.RedisError, OSError):
        return Finding(Status.DOWN, _("no answer: the site works on, more slowly"))
    used, most = float(memory["used_memory"]), float(memory.get("maxmemory", 0))
    figures = {"used_mb": round(used / 2**20, 1)}
    if most and 100 * used >= FULL_PERCENT * most:
        percent = round(100 * used / most)
        detail = _("%(percent)s %% of its memory is in use")
        return Finding(Status.DEGRADED, detail, {"percent": percent}, figures, latency)
    return Finding(Status.UP, figures=figures, latency_ms=latency)


def look_at_broker() -> Finding:
    """Ask Celery's broker, as workers reach it, how many tasks wait."""
    started = time.perf_counter()
    try:
        with current_app.connection_for_read() as broker:
            waiting = _waiting(broker)
    except (BrokerError, redis.RedisError, OSError):
        return Finding(Status.DOWN, _("no answer: workers find their work in Postgres"))
    latency = round((time.perf_counter() - started) * 1000, 1)
    return Finding(Status.UP, figures={"waiting": float(waiting)}, latency_ms=latency)


def _waiting(broker: Connection) -> int:
    channel: Any = broker.default_channel  # kombu's types name AMQP's alone
    try:
        queue = channel.queue_declare(settings.CELERY_TASK_DEFAULT_QUEUE, passive=True)
    except broker.channel_errors:  # in Redis an empty queue is none
        return 0
    return int(queue.message_count)
