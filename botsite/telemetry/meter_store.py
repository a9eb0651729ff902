"""Where all processes' counts come together: hashes in Redis, one for ever and one for each minute.

Every function connects anew, which costs nothing at the rate it is called, takes a second or two at the most,
and raises redis.RedisError or OSError when Redis is not there.
"""

import time
from collections.abc import Mapping
from typing import cast

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from botsite.telemetry.series import SeriesKey, SeriesValue, decoded

SOCKET_SECONDS = 0.5
TOTAL_KEY = "botsite:metrics:total"
MINUTE_KEY = "botsite:metrics:minute:{}"
MINUTES_KEPT = 24 * 60


def add(amounts: Mapping[str, float]) -> None:
    """Add `amounts` by field, to the total and to the present minute, all of it or nothing."""
    minute_key = MINUTE_KEY.format(_minute())
    with _client() as client, client.pipeline(transaction=True) as pipeline:
        for field, amount in amounts.items():
            pipeline.hincrbyfloat(TOTAL_KEY, field, amount)
            pipeline.hincrbyfloat(minute_key, field, amount)
        pipeline.expire(minute_key, MINUTES_KEPT * 60)
        pipeline.execute()


def totals() -> dict[SeriesKey, SeriesValue]:
    """Return what was counted since Redis was last emptied."""
    with _client() as client:
        return decoded(cast("dict[str, str]", client.hgetall(TOTAL_KEY)))


def minutes(latest: int) -> list[dict[SeriesKey, SeriesValue]]:
    """Return what was counted in each of the `latest` minutes, oldest first, the present one included.

    After an outage of Redis, what was counted during it stands in the minute that ended it.
    """
    now = _minute()
    with _client() as client, client.pipeline(transaction=False) as pipeline:
        for minute in range(now - latest + 1, now + 1):
            pipeline.hgetall(MINUTE_KEY.format(minute))
        return [decoded(fields) for fields in pipeline.execute()]


def _client() -> redis.Redis:
    # Never repeated: a repetition of what had arrived after all would count it twice.
    return redis.Redis.from_url(
        settings.REDIS_URL,
        decode_responses=True,
        socket_timeout=SOCKET_SECONDS,
        socket_connect_timeout=SOCKET_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )


def _minute() -> int:
    return int(time.time() // 60)
