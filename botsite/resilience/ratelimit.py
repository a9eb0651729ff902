"""A sliding window shared by all processes: one Lua script on the Redis server's clock.

It fails open: while Redis is away that is logged and counted, and each process goes by what it admits itself
within the same window. Redis is then left alone for a few seconds, so that its outage is not paid for at
every call. The quotas stand in quotas.py.
"""

import hashlib
import time
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from redis import Redis
from redis.exceptions import NoScriptError

from botsite.resilience.quotas import Quota
from botsite.resilience.ratelimit_local import LocalWindows
from botsite.resilience.redis_rest import RedisAway, resting_redis
from botsite.telemetry import metrics

__all__ = ["Admission", "Quota", "admit", "configured", "wait_before", "wait_turn"]

# A member is "<all units admitted up to it>:<its own units>", zero-padded so that equal scores keep order:
# what the window holds is the difference of two members, however many lie between. Its score is the server's
# microseconds, never before the last one's should the clock be set back.
# ARGV: limit, window in microseconds, units. Answers {admitted, units left, ms until there is room for more}.
_SCRIPT = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local limit, window, units = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local function span(rank)
    local found = redis.call('ZRANGE', KEYS[1], rank, rank, 'WITHSCORES')
    if not found[1] then return 0, 0, now end
    local total, own = string.match(found[1], '(%d+):(%d+)')
    return total - own, tonumber(total), tonumber(found[2])
end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now - window))
local before, first, oldest = span(0)
local _, total, latest = span(-1)
if total - before + units <= limit then
    local member = string.format('%015.0f:%.0f', total + units, units)
    redis.call('ZADD', KEYS[1], string.format('%.0f', math.max(now, latest)), member)
    redis.call('PEXPIRE', KEYS[1], math.ceil(window / 1000))
    return {1, limit - (total - before) - units, math.ceil((oldest + window - now) / 1000)}
end
local low, high = 0, 0
if total - first + units > limit then high = redis.call('ZCARD', KEYS[1]) - 1 end
while low < high do
    local middle = math.floor((low + high) / 2)
    local _, reached = span(middle)
    if total - reached + units <= limit then high = middle else low = middle + 1 end
end
local freed = oldest
if low > 0 then _, _, freed = span(low) end
return {0, math.max(limit - (total - before), 0), math.ceil((freed + window - now) / 1000)}
"""
_SCRIPT_SHA = hashlib.sha1(_SCRIPT.encode(), usedforsecurity=False).hexdigest()

_local = LocalWindows()


@dataclass(frozen=True, slots=True)
class Admission:
    """The limiter's word on one call: `wait` seconds (0: admitted), `remaining` units that are left now.

    `limit` is the quota's (0: there is none); `reset` is how many seconds it takes until there is more room.
    """

    wait: float
    remaining: int
    reset: float
    limit: int


def configured(quota: Quota) -> Quota:
    """Return the quota with the limit that QUOTA_LIMITS gives it, if it gives one."""
    limit = settings.QUOTA_LIMITS.get(quota.name)
    return quota if limit is None else quota.at(limit)


def wait_before(quota: Quota, key: str) -> float:
    """Count a call of `key`; returns 0 when it is admitted, else the seconds to wait (not counted)."""
    return admit(quota, key).wait


def wait_turn(quota: Quota, key: str, *, seconds: float) -> float:
    """Wait for `key`'s turn, `seconds` at the most; returns 0 when it has come, else how long it is off.

    It returns at once when the turn cannot come in time. Hold no database connection meanwhile.
    """
    deadline = time.monotonic() + seconds
    while wait := wait_before(quota, key):
        if time.monotonic() + wait > deadline:
            return wait
        time.sleep(wait)
    return 0


def admit(quota: Quota, key: str, *, units: int = 1) -> Admission:
    """Count `units` of `key` if the quota has room for all of them; none is counted when it has not.

    A limit of 0 is none at all. Raises ValueError for more units than the limit, which could never come in.
    """
    if not quota.limit:
        return Admission(wait=0, remaining=0, reset=0, limit=0)
    if not 1 <= units <= quota.limit:
        raise ValueError(f"{quota.name} admits 1 to {quota.limit} units at once, not {units}")
    admitted, remaining, reset = _decided(quota, key, units)
    if not admitted:
        metrics.count("rate_limited_total", scope=quota.name)
    return Admission(
        wait=0 if admitted else reset, remaining=remaining if admitted else 0, reset=reset, limit=quota.limit
    )


def _decided(quota: Quota, key: str, units: int) -> tuple[bool, int, float]:
    """Return whether the units are admitted, how many more would be, and the seconds until there is room."""
    # The window is in the key: a quota of several windows counts each of them apart.
    redis_key = f"botsite:limit:{quota.name}:{quota.seconds:g}:{key}"
    arguments = (quota.limit, int(quota.seconds * 1_000_000), units)
    try:
        admitted, remaining, reset_ms = resting_redis.run(
            lambda client: _run_script(client, redis_key, *arguments),
            operation=f"quota {quota.name}",
            fallback="counted by this process alone",
        )
    except RedisAway:
        metrics.count("rate_limiter_local_total", scope=quota.name)
        return _local.admit(redis_key, limit=quota.limit, seconds=quota.seconds, units=units)
    return bool(admitted), remaining, max(reset_ms, 1) / 1000


def _run_script(client: Redis, key: str, *arguments: int) -> Any:
    try:
        return client.evalsha(_SCRIPT_SHA, 1, key, *arguments)
    except NoScriptError:
        return client.eval(_SCRIPT, 1, key, *arguments)
