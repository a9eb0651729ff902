"""Housekeeping of the monitoring, started by beat."""

from celery import shared_task

from botsite.resilience.redis_rest import RedisAway
from monitoring.services.breakers import breakers_restore


@shared_task(name="monitoring.restore_breakers")
def restore_breakers() -> dict[str, int]:
    """Keep what staff opened open after Redis was emptied."""
    try:
        return breakers_restore()
    except RedisAway:
        return {"restored": 0}
