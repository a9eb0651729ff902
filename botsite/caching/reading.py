"""Finding values: in the process, in Redis, or loaded by one reader for all.

The cache never stands in the way: when Redis is down, slow or holds rubbish, a look-up is a miss.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from uuid import uuid4

from redis import RedisError

from botsite.caching import shared
from botsite.caching.changing import announce
from botsite.caching.layers import Layer
from botsite.caching.missing import MISSING
from botsite.caching.process import doubt_after, flights, listener, local, place_of
from botsite.caching.shared import Claim, Found, Place, PoisonedValue
from botsite.caching.usage import count, log_failure

FIRST_POLL_SECONDS = 0.02
LONGEST_POLL_SECONDS = 0.2
OBJECT_SIZE = 2000
"""Bytes counted for an object of a layer that is in the process only."""

Decode = Callable[[Any], Any]
Load = Callable[[], Any]


def get(layer: Layer, **parts: object) -> Any:
    """Return the value, or MISSING."""
    return _look_up(layer, layer.key(parts))


def has(layer: Layer, **parts: object) -> bool:
    """Whether there is a value."""
    return get(layer, **parts) is not MISSING


def is_usable() -> bool:
    """Whether the cache can be asked at all just now; while it cannot, every look-up is a miss."""
    return listener.hears()


def get_or_load(
    layer: Layer,
    load: Load,
    *,
    decode: Decode | None = None,
    missed: Callable[[], None] | None = None,
    found: Callable[[str], None] | None = None,
    **parts: object,
) -> Any:
    """Return the value, loaded by one caller for all who ask at the same time, in all processes.

    `load` returns what is stored, `decode` makes of that what is returned. A stored value for which `decode`
    raises ValueError, TypeError or KeyError counts as missing. What `load` raises is raised. It must not read
    what the caller's own transaction has changed: nobody else is to see that before the commit.
    `missed` is called when nothing was found, before this caller waits or loads: to let go of what it holds.
    `found` is called with the level where something was found: "process" or "redis".
    """
    key = layer.key(parts)
    value = _look_up(layer, key, found)
    if value is not MISSING:
        if decode is None:
            return value
        try:
            return decode(value)
        except (ValueError, TypeError, KeyError) as error:
            _poisoned(layer, key, error)
    if missed is not None:
        missed()
    return _fill_together(layer, key, load, decode or _as_it_is)


def _look_up(layer: Layer, key: str, found: Callable[[str], None] | None = None) -> Any:
    if not listener.hears():
        _failed(layer, "NotConnected")
        return MISSING
    if layer.local_entries:
        value = local.get(layer, key)
        if value is not MISSING:
            count(layer, "process", "hit")
            if found is not None:
                found("process")
            return value
        count(layer, "process", "miss")
    value = _read(layer, key) if layer.in_redis else MISSING
    if value is not MISSING and found is not None:
        found("redis")
    return value


def _read(layer: Layer, key: str) -> Any:
    generation = local.generation(layer)
    try:
        found = shared.read(place_of(layer, key))
    except RedisError as error:
        doubt_after(error)
        _failed(layer, type(error).__name__)
        return MISSING
    except PoisonedValue as error:
        _poisoned(layer, key, error)
        return MISSING
    if found is None:
        count(layer, "redis", "miss")
        return MISSING
    count(layer, "redis", "hit")
    local.put(layer, key, found.value, size=found.size, generation=generation)
    return found.value


def _fill_together(layer: Layer, key: str, load: Load, decode: Decode) -> Any:
    def alone() -> Any:
        return _stored_form(layer, load())

    if not listener.hears():
        return decode(alone())
    value = flights.share(layer, key, lambda: _fill(layer, key, load), alone)
    try:
        return decode(value)
    except (ValueError, TypeError, KeyError):
        return decode(alone())  # it may have come from a process that thinks otherwise


def _fill(layer: Layer, key: str, load: Load) -> Any:
    """Load and keep, unless somebody invalidates meanwhile; for the one caller of this process."""
    if not layer.in_redis:
        generation = local.generation(layer)
        value = load()
        local.put(layer, key, value, size=OBJECT_SIZE, generation=generation)
        return value
    place, token = place_of(layer, key), uuid4().hex
    generation = local.generation(layer)
    try:
        claimed = _claim(layer, place, token)
    except PoisonedValue as error:
        _poisoned(layer, key, error)
        claimed = Claim.BUSY
    except RedisError as error:
        doubt_after(error)
        _failed(layer, type(error).__name__)
        claimed = Claim.BUSY
    if claimed is Claim.BUSY:
        return _stored_form(layer, load())
    if isinstance(claimed, Found):
        found = claimed
    else:
        found, is_stored = _load_and_store(layer, place, token, load)
        if not is_stored:
            return found.value
    local.put(layer, key, found.value, size=found.size, generation=generation)
    return found.value


def _claim(layer: Layer, place: Place, token: str) -> Found | Claim:
    """Return the value as soon as somebody has filled it, or the right to; BUSY when that takes long."""
    deadline = time.monotonic() + layer.wait_seconds
    pause = FIRST_POLL_SECONDS
    while True:
        claimed = shared.claim(place, token, seconds=layer.fill_seconds)
        if claimed is not Claim.BUSY or time.monotonic() > deadline:
            return claimed
        time.sleep(pause)
        pause = min(pause * 1.2, LONGEST_POLL_SECONDS)


def _load_and_store(layer: Layer, place: Place, token: str, load: Load) -> tuple[Found, bool]:
    try:
        packed, found = shared.pack(load())
    except BaseException:
        with suppress(RedisError):
            shared.release(place, token)
        raise
    try:
        return found, shared.store(place, token, packed, seconds=layer.ttl)
    except RedisError as error:
        doubt_after(error)
        log_failure("CACHE_UPDATE_FROM_BD_ERROR", layer, type(error).__name__, fallback="not cached")
        return found, False


def _stored_form(layer: Layer, value: Any) -> Any:
    """Return `value` as it will come back from Redis, so that callers never see two forms of it."""
    return shared.pack(value)[1].value if layer.in_redis else value


def _poisoned(layer: Layer, key: str, error: Exception) -> None:
    _failed(layer, type(error).__name__)
    announce(layer, key)


def _failed(layer: Layer, error: str) -> None:
    count(layer, "redis" if layer.in_redis else "process", "error")
    log_failure("CACHE_ACCESS_ERROR", layer, error, fallback="loaded anew")


def _as_it_is(value: Any) -> Any:
    return value
