"""Where all processes' counts come together: hashes in Redis, one for ever and one for each minute.

Every function connects anew, which costs nothing at the rate it is called, takes a second or two at the most,
and raises redis.RedisError or OSError when Redis is not there.
"""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import cast
from uuid import uuid4

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from botsite.telemetry.series import SeriesKey, SeriesValue, decoded

SOCKET_SECONDS = 0.5
TOTAL_KEY = "botsite:metrics:total"
MINUTE_KEY = "botsite:metrics:minute:{}"
WRITER_KEY = "botsite:metrics:writer:{}"
MINUTES_KEPT = 6 * 60
"""Long enough to outlast an outage of Postgres, to which they are copied."""

_EPOCH, _VERSION = "epoch", "version"
# ARGV: the batch's number, a new epoch, seconds to keep the minute and the writer, then fields and amounts.
_ADD = """
local total, minute, writer = KEYS[1], KEYS[2], KEYS[3]
if tonumber(redis.call('GET', writer) or 0) >= tonumber(ARGV[1]) then return 0 end
for index = 4, #ARGV, 2 do
    redis.call('HINCRBYFLOAT', total, ARGV[index], ARGV[index + 1])
    redis.call('HINCRBYFLOAT', minute, ARGV[index], ARGV[index + 1])
end
redis.call('HSETNX', minute, 'epoch', ARGV[2])
redis.call('HINCRBY', minute, 'version', 1)
redis.call('EXPIRE', minute, ARGV[3])
redis.call('SET', writer, ARGV[1], 'EX', ARGV[3])
return 1
"""


@dataclass(frozen=True, slots=True)
class Batch:
    """Amounts by field that one writer adds. Its numbers grow, so that what comes again is known."""

    writer: str
    number: int
    amounts: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class MinuteVersion:
    """Which hash a minute has, and how often that was written to. Another epoch: Redis was emptied since."""

    epoch: str
    version: int


@dataclass(frozen=True, slots=True)
class MinuteCounts:
    """What was counted in the minute that began `number` minutes after 1970."""

    number: int
    at: MinuteVersion
    series: Mapping[SeriesKey, SeriesValue]


def add(batch: Batch) -> None:
    """Add the batch to the total and to the present minute, all of it or nothing, and only once.

    Whoever does not know whether it arrived repeats the very same batch, up to MINUTES_KEPT later.
    """
    keys = (TOTAL_KEY, MINUTE_KEY.format(present_minute()), WRITER_KEY.format(batch.writer))
    fields = chain.from_iterable((field, repr(amount)) for field, amount in batch.amounts.items())
    with _client() as client:
        client.eval(_ADD, len(keys), *keys, batch.number, uuid4().hex, MINUTES_KEPT * 60, *fields)


def mark_minute() -> None:
    """Let it be known that the present minute was watched, even if nothing is counted in it."""
    key = MINUTE_KEY.format(present_minute())
    with _client() as client, client.pipeline(transaction=True) as pipeline:
        pipeline.hsetnx(key, _EPOCH, uuid4().hex)
        pipeline.hincrby(key, _VERSION, 1)
        pipeline.expire(key, MINUTES_KEPT * 60)
        pipeline.execute()


def totals() -> dict[SeriesKey, SeriesValue]:
    """Return what was counted since Redis was last emptied."""
    with _client() as client:
        return decoded(cast("dict[str, str]", client.hgetall(TOTAL_KEY)))


def minute_versions() -> dict[int, MinuteVersion]:
    """Return the minutes that are there, by number, and what was last written to each."""
    now = present_minute()
    numbers = range(now - MINUTES_KEPT, now + 1)
    with _client() as client, client.pipeline(transaction=False) as pipeline:
        for number in numbers:
            pipeline.hmget(MINUTE_KEY.format(number), _EPOCH, _VERSION)
        heads = zip(numbers, pipeline.execute(), strict=True)
    return {number: MinuteVersion(epoch, int(version)) for number, (epoch, version) in heads if version}


def minutes(numbers: Iterable[int]) -> list[MinuteCounts]:
    """Return what was counted in each of these minutes that is there, in one round trip.

    After an outage of Redis, what was counted during it stands in the minute that ended it.
    """
    numbers = list(numbers)
    with _client() as client, client.pipeline(transaction=False) as pipeline:
        for number in numbers:
            pipeline.hgetall(MINUTE_KEY.format(number))
        found = zip(numbers, pipeline.execute(), strict=True)
    return [_minute(number, fields) for number, fields in found if _VERSION in fields]


def present_minute() -> int:
    """Return the number of the minute that it is."""
    return int(time.time() // 60)


def _minute(number: int, fields: dict[str, str]) -> MinuteCounts:
    at = MinuteVersion(fields.pop(_EPOCH), int(fields.pop(_VERSION)))
    return MinuteCounts(number, at, decoded(fields))


def _client() -> redis.Redis:
    # Never repeated by itself: it would cost the caller a time-out more.
    return redis.Redis.from_url(
        settings.REDIS_URL,
        decode_responses=True,
        socket_timeout=SOCKET_SECONDS,
        socket_connect_timeout=SOCKET_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )
