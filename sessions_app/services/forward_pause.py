"""A pause of all forwarding that Laravel asked for, or that its settings need: the same in every worker."""

import time
from dataclasses import dataclass

from redis import Redis

from botsite.resilience.redis_rest import RedisAway, resting_redis

KEY = "botsite:forward:pause"


@dataclass(frozen=True, slots=True)
class Pause:
    """Nothing is sent for `seconds` more, because of `reason`."""

    seconds: float
    reason: str


class _Here:
    """What this process knows by itself, for as long as Redis is away."""

    until = 0.0
    reason = ""


def pause_begin(seconds: float, reason: str) -> None:
    """Send nothing for so long, here and in the other workers."""
    _Here.until, _Here.reason = time.monotonic() + seconds, reason
    try:
        resting_redis.run(
            lambda redis: redis.set(KEY, reason, px=max(int(seconds * 1000), 1)),
            operation="forward_pause",
            fallback="this process alone pauses",
        )
    except RedisAway:
        return


def pause_end() -> None:
    """Go on at once: staff replay, or the settings were put right."""
    _Here.until = 0.0
    try:
        resting_redis.run(lambda redis: redis.delete(KEY), operation="forward_pause", fallback="it runs out")
    except RedisAway:
        return


def paused() -> Pause | None:
    """Return the pause of now, if there is one."""
    try:
        left, reason = resting_redis.run(_read, operation="forward_pause", fallback="what this process knows")
    except RedisAway:
        left, reason = _Here.until - time.monotonic(), _Here.reason
    return Pause(left, reason) if left > 0 else None


def _read(redis: Redis) -> tuple[float, str]:
    with redis.pipeline(transaction=False) as pipeline:
        pipeline.pttl(KEY)
        pipeline.get(KEY)
        left, value = pipeline.execute()
    return left / 1000, value.decode() if value else ""
