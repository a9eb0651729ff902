"""A sliding window shared by all processes: one Lua script on the Redis server's clock.

It fails open: when Redis does not answer, everything is admitted, logged and counted, and Redis is left
alone for a few seconds so that its outage is not paid for at every call.
"""

import uuid
from dataclasses import dataclass
from typing import Any

from botsite.resilience.redis_rest import RedisAway, resting_redis
from botsite.telemetry import metrics

# Members are the admitted calls, scored by the server's microseconds.
# Answers {admitted, calls left, ms until the oldest leaves the window}.
_SCRIPT = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local limit, window = tonumber(ARGV[1]), tonumber(ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now - window))
local count, admitted = redis.call('ZCARD', KEYS[1]), 0
if count < limit then
    redis.call('ZADD', KEYS[1], string.format('%.0f', now), ARGV[3])
    redis.call('PEXPIRE', KEYS[1], math.ceil(window / 1000))
    count, admitted = count + 1, 1
end
local oldest = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
return {admitted, limit - count, math.ceil((oldest[2] + window - now) / 1000)}
"""


@dataclass(frozen=True, slots=True)
class Quota:
    """At most `limit` calls in any `seconds`, counted apart for each key. `name` is the metric's scope."""

    name: str
    limit: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Admission:
    """The limiter's word on one call: `wait` seconds (0: admitted), `remaining` calls that are left now.

    `reset` is how many seconds it takes until one more is.
    """

    wait: float
    remaining: int
    reset: float


def wait_before(quota: Quota, key: str) -> float:
    """Count a call of `key`; returns 0 when it is admitted, else the seconds to wait (not counted)."""
    return admit(quota, key).wait


def admit(quota: Quota, key: str) -> Admission:
    """Count a call of `key` if the quota admits it; all are admitted while Redis is away."""
    window = int(quota.seconds * 1_000_000)
    redis_key = f"botsite:limit:{quota.name}:{key}"
    try:
        found: Any = resting_redis.run(
            lambda client: client.eval(_SCRIPT, 1, redis_key, quota.limit, window, uuid.uuid4().hex),
            operation=f"quota {quota.name}",
            fallback="admitted",
        )
    except RedisAway:
        return Admission(wait=0, remaining=quota.limit, reset=0)
    admitted, remaining, reset_ms = found
    reset = float(reset_ms) / 1000
    if admitted:
        return Admission(wait=0, remaining=remaining, reset=reset)
    metrics.count("rate_limited_total", scope=quota.name)
    return Admission(wait=reset, remaining=0, reset=reset)
