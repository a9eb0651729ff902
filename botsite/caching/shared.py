"""The level in Redis, through django-redis. Every function may raise redis.RedisError.

A fill is a lease: whoever misses takes a token and may store what was loaded only while that token stands.
An invalidation deletes value and token together, so that a fill begun before it can never be stored.

Keys carry the server's run id: one that restarts with an old snapshot does not bring old values back.
"""

import json
import os
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from typing import Any
from uuid import uuid4

from django.core.cache import caches
from django_redis.exceptions import CompressorError
from redis import Redis, ResponseError
from redis.client import PubSub

from botsite.caching.compression import MAGIC
from botsite.caching.layers import ANY

ALIAS = "layers"
_BORN = uuid4().hex  # inherited over a fork, hence never without the process's number
SCAN_COUNT = 1000
MOST_SCANS = 300
"""How many steps a listing takes at most, of about SCAN_COUNT keys each."""

# Answers {1, value}, {2} for a lease that was taken, {3} for one that another holds.
_CLAIM = """
local value = redis.call('GET', KEYS[1])
if value then return {1, value} end
if redis.call('SET', KEYS[2], ARGV[1], 'NX', 'PX', ARGV[2]) then return {2} end
return {3}
"""
_STORE = """
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
redis.call('UNLINK', KEYS[2])
return 1
"""
_RELEASE = "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('UNLINK', KEYS[1]) end"

# A script and no transaction, which a full server would refuse.
_DROP = """
redis.call('UNLINK', KEYS[1], KEYS[2])
redis.call('PUBLISH', ARGV[1], ARGV[2])
"""


class PoisonedValue(ValueError):
    """What Redis holds is not a value that was stored by us."""


class Claim(Enum):
    TAKEN = 2
    BUSY = 3


@dataclass(frozen=True, slots=True)
class Found:
    """A value and about how many bytes it takes."""

    value: Any
    size: int


@dataclass(frozen=True, slots=True)
class Stored:
    """A value that was listed, and for how many seconds it will be there."""

    key: str
    value: Any
    seconds_left: float


@dataclass(frozen=True, slots=True)
class Place:
    """Where an entry lies: `server` is the run id, `key` may hold ANY where several are meant."""

    server: str
    layer_name: str
    key: str

    def value_key(self) -> str:
        return f"value:{self.server}:{self.layer_name}:{self.key}"

    def fill_key(self) -> str:
        return f"fill:{self.server}:{self.layer_name}:{self.key}"


def pack(value: Any) -> tuple[bytes, Found]:
    """Return `value` as it is stored and as it comes back. TypeError when it is no JSON value."""
    client = _client()
    packed: bytes = client.encode(value, allow_int=False)
    return packed, Found(client.decode(packed), _size(packed, value))


def read(place: Place) -> Found | None:
    """Return what is stored. PoisonedValue when it cannot be read."""
    client = _client()
    try:
        raw = client.get_client(write=False).get(client.make_key(place.value_key()))
    except ResponseError as error:  # of another type than all that we store
        raise PoisonedValue(type(error).__name__) from error
    return None if raw is None else _unpack(client, raw)


def claim(place: Place, token: str, *, seconds: float) -> Found | Claim:
    """Return the value, or else whether `token` has the right to fill it within the next `seconds`."""
    client = _client()
    code, *values = _redis(client).eval(_CLAIM, 2, *_keys(client, place), token, int(seconds * 1000))
    return _unpack(client, values[0]) if values else Claim(code)


def store(place: Place, token: str, packed: bytes, *, seconds: float) -> bool:
    """Store a value that was loaded under `token`; False when that does not stand any more."""
    client = _client()
    return bool(_redis(client).eval(_STORE, 2, *_keys(client, place), token, packed, int(seconds * 1000)))


def release(place: Place, token: str) -> None:
    """Let another fill begin."""
    client = _client()
    _redis(client).eval(_RELEASE, 1, _keys(client, place)[1], token)


def write(place: Place, packed: bytes, *, seconds: float) -> None:
    """Store a value whatever was there, end fills that have begun, and tell every process."""
    client = _client()
    value_key, fill_key = _keys(client, place)
    with _redis(client).pipeline(transaction=True) as pipeline:
        pipeline.set(value_key, packed, px=int(seconds * 1000))
        pipeline.unlink(fill_key)
        pipeline.publish(news_channel(), _news(place))
        pipeline.execute()


def drop(place: Place) -> None:
    """Delete what `place` names, end fills of it that have begun, and tell every process."""
    client = _client()
    if ANY in place.key:
        # Tokens first: a fill that stores meanwhile has its value there when the values are gone through.
        _unlink_matching(client, place.fill_key())
        _unlink_matching(client, place.value_key())
        announce(place)
    else:
        _redis(client).eval(_DROP, 2, *_keys(client, place), news_channel(), _news(place))


def drop_all(places: Iterable[Place]) -> None:
    """Do what `drop` does for many entries in one exchange; their keys must not hold ANY."""
    client = _client()
    with _redis(client).pipeline(transaction=False) as pipeline:
        for place in places:
            pipeline.eval(_DROP, 2, *_keys(client, place), news_channel(), _news(place))
        pipeline.execute()


def announce(place: Place) -> None:
    """Tell every process to forget what `place` names; for what no Redis holds."""
    _redis(_client()).publish(news_channel(), _news(place))


def news_channel() -> str:
    """Return the pub/sub channel of this prefix and database: Redis's own reach over all of its databases."""
    client = _client()
    number = _redis(client).connection_pool.connection_kwargs.get("db") or 0
    return f"{caches[ALIAS].key_prefix}:news:{number}"


def news_of(message: bytes) -> tuple[str, str] | None:
    """Return the layer's name and the key that were announced; None for what this process said itself.

    ValueError for what is no such announcement.
    """
    origin, layer_name, key = json.loads(message)
    return None if origin == _origin() else (str(layer_name), str(key))


def server_id() -> str:
    """Return the server's run id, or '' where it may not be asked for."""
    try:
        return str(_redis(_client()).info("server").get("run_id", ""))
    except ResponseError:
        return ""


def subscription() -> PubSub:
    """Return a subscriber; who calls closes it."""
    subscriber: PubSub = _redis(_client()).pubsub()  # type: ignore[no-untyped-call]
    return subscriber


def key_counts() -> dict[str, int]:
    """Count the stored values by layer, walking over all keys."""
    client = _client()
    counts: Counter[str] = Counter()
    start = len(client.make_key("value:"))
    for raw in _redis(client).scan_iter(match=str(client.make_key("value:*")), count=SCAN_COUNT):
        _server, layer_name, _key = raw.decode()[start:].split(":", 2)
        counts[layer_name] += 1
    return counts


def stored(place: Place, *, limit: int) -> tuple[list[Stored], bool]:
    """Return up to `limit` values at `place`, whose key may hold ANY, and whether these are all.

    What cannot be read is left out.
    """
    client = _client()
    names, is_complete = _matching(client, place.value_key(), limit=limit)
    with _redis(client).pipeline(transaction=False) as pipeline:
        for name in names:
            pipeline.get(name)
            pipeline.pttl(name)
        answers = pipeline.execute(raise_on_error=False)
    prefix = len(client.make_key(Place(place.server, place.layer_name, "").value_key()))
    found = []
    for name, raw, left in zip(names, answers[::2], answers[1::2], strict=True):
        with suppress(PoisonedValue):
            if isinstance(raw, bytes) and left > 0:  # else it has gone meanwhile, or is none of ours
                found.append(Stored(name.decode()[prefix:], _unpack(client, raw).value, left / 1000))
    return found, is_complete


def _matching(client: Any, pattern: str, *, limit: int) -> tuple[list[bytes], bool]:
    """Return up to `limit` names of keys, and whether there are no others."""
    names: dict[bytes, None] = {}  # SCAN may name a key twice
    cursor = 0
    for _ in range(MOST_SCANS):
        cursor, some = _redis(client).scan(cursor, match=str(client.make_key(pattern)), count=SCAN_COUNT)
        names.update((name, None) for name in some if isinstance(name, bytes))
        if cursor == 0 or len(names) > limit:
            break
    return list(names)[:limit], cursor == 0 and len(names) <= limit


def _client() -> Any:
    cache: Any = caches[ALIAS]
    return cache.client


def _redis(client: Any) -> Redis:
    connection: Redis = client.get_client(write=True)
    return connection


def _keys(client: Any, place: Place) -> tuple[str, str]:
    return client.make_key(place.value_key()), client.make_key(place.fill_key())


def _unpack(client: Any, raw: bytes) -> Found:
    try:
        value = client.decode(raw)
        return Found(value, _size(raw, value))
    except (ValueError, CompressorError, RecursionError) as error:
        raise PoisonedValue(type(error).__name__) from error


def _size(packed: bytes, value: Any) -> int:
    """Return the size before compression."""
    return len(json.dumps(value, default=str)) if packed[:1] == MAGIC else len(packed)


def _unlink_matching(client: Any, pattern: str) -> None:
    connection = _redis(client)
    cursor = 0
    while True:
        cursor, keys = connection.scan(cursor, match=str(client.make_key(pattern)), count=SCAN_COUNT)
        if keys:
            connection.unlink(*keys)
        if cursor == 0:
            return


def _news(place: Place) -> str:
    return json.dumps([_origin(), place.layer_name, place.key])


def _origin() -> str:
    return f"{_BORN}:{os.getpid()}"
