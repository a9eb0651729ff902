"""Changing what the cache holds: storing the newest, and forgetting everywhere."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import Error as DatabaseError
from django.db import transaction
from redis import RedisError

from botsite.caching import pending, shared
from botsite.caching.layers import Layer
from botsite.caching.process import doubt_after, forget, listener, place_of, require_hearing
from botsite.caching.usage import log_failure


def put(layer: Layer, value: Any, **parts: object) -> None:
    """Store a value that is known to be the newest; one read from a database goes through get_or_load.

    A failure is logged, and what was there before is invalidated. For layers that are in Redis.
    """
    if not layer.in_redis:
        raise ValueError(f"{layer.name} is only filled by get_or_load")
    key = layer.key(parts)
    packed, _ = shared.pack(value)
    try:
        require_hearing()
        shared.write(place_of(layer, key), packed, seconds=layer.ttl)
    except RedisError as error:
        doubt_after(error)
        log_failure("CACHE_UPDATE_ERROR", layer, type(error).__name__, fallback="invalidated")
        _invalidate(layer, key)
    else:
        forget(layer.name, key)


def invalidate(layer: Layer, **parts: object) -> None:
    """Let no process find the value any more. Never raises; within a transaction use invalidate_on_commit."""
    _invalidate(layer, layer.key(parts))


def invalidate_matching(layer: Layer, **parts: object) -> None:
    """Invalidate all values with these parts, whatever their other parts are. Never raises."""
    _invalidate(layer, layer.matching(parts))


def invalidate_on_commit(layer: Layer, **parts: object) -> None:
    """Invalidate once the caller's transaction has committed; it will be done even if this process dies then.

    Parts that are not given may be anything. Raises django.db.Error, for it writes to the database first.
    """
    key = layer.matching(parts)
    row = pending.remember(layer.name, key)

    def carry_out() -> None:
        if not announce(layer, key):
            return  # the row is there already
        try:
            pending.settle(row)
        except DatabaseError as error:
            log_failure("CACHE_INVALIDATE_ERROR", layer, type(error).__name__, fallback="done once more")

    transaction.on_commit(carry_out)


def invalidate_all_on_commit(entries: Sequence[tuple[Layer, Mapping[str, object]]]) -> None:
    """Do what `invalidate_on_commit` does for many values of layers in Redis, each with all of its parts.

    It takes two statements and one exchange with Redis, however many they are.
    """
    keys = [(layer, layer.key(parts)) for layer, parts in entries]
    if not keys:
        return
    rows = pending.remember_all([(layer.name, key) for layer, key in keys])

    def carry_out() -> None:
        if not _announce_all(keys):
            return
        try:
            pending.settle(*rows)
        except DatabaseError as error:
            log_failure("CACHE_INVALIDATE_ERROR", keys[0][0], type(error).__name__, fallback="done once more")

    transaction.on_commit(carry_out)


def _announce_all(keys: Sequence[tuple[Layer, str]]) -> bool:
    try:
        require_hearing()
        shared.drop_all(place_of(layer, key) for layer, key in keys)
    except RedisError as error:
        listener.doubt()
        log_failure("CACHE_INVALIDATE_ERROR", keys[0][0], type(error).__name__, fallback="done later")
        return False
    finally:
        for layer, key in keys:
            forget(layer.name, key)
    return True


def announce(layer: Layer, key: str) -> bool:
    """Invalidate at once on both levels; False when Redis could not be told."""
    try:
        require_hearing()
        (shared.drop if layer.in_redis else shared.announce)(place_of(layer, key))
    except RedisError as error:
        listener.doubt()
        log_failure("CACHE_INVALIDATE_ERROR", layer, type(error).__name__, fallback="done later")
        return False
    finally:
        forget(layer.name, key)
    return True


def _invalidate(layer: Layer, key: str) -> None:
    if announce(layer, key):
        return
    try:
        with transaction.atomic():
            pending.remember(layer.name, key)
    except DatabaseError as error:
        log_failure("CACHE_INVALIDATE_ERROR", layer, type(error).__name__, fallback="lasts until its time")
    # Once more, for the listener may have looked for rows before this one was there.
    listener.doubt()
