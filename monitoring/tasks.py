"""Housekeeping of the monitoring, started by beat."""

from celery import shared_task

from botsite.resilience.redis_rest import RedisAway
from monitoring.retention.sweep import Busy, retention_run
from monitoring.services.breakers import breakers_restore


@shared_task(name="monitoring.restore_breakers")
def restore_breakers() -> dict[str, int]:
    """Keep what staff opened open after Redis was emptied."""
    try:
        return breakers_restore()
    except RedisAway:
        return {"restored": 0}


@shared_task(name="monitoring.retention")
def retention() -> dict[str, int]:
    """Delete what is older than its period; {"busy": 1} when another process is at it."""
    try:
        return retention_run()
    except Busy:
        return {"busy": 1}
