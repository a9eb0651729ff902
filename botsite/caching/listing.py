"""What a layer holds in Redis just now, for people to look at: no hot path."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from botsite.caching import shared
from botsite.caching.layers import Layer
from botsite.caching.process import place_of, require_hearing


@dataclass(frozen=True, slots=True)
class Entry:
    """A value, the parts of its key as texts, and for how many seconds it has been there."""

    parts: dict[str, str]
    value: Any
    age: float


@dataclass(frozen=True, slots=True)
class Listing:
    """The entries found, the newest first; not `is_complete` when there may be more."""

    entries: tuple[Entry, ...]
    is_complete: bool


def entries(layer: Layer, *, limit: int, **parts: object) -> Listing:
    """Return up to `limit` entries of a layer in Redis with these parts, whatever their other parts are.

    The search walks over a bounded number of keys. Raises redis.RedisError.
    """
    require_hearing()
    place = place_of(layer, layer.matching(parts))
    stored, is_complete = shared.stored(place, limit=limit)
    found = [
        Entry(_parts_of(layer, one.key), one.value, max(0.0, layer.ttl - one.seconds_left)) for one in stored
    ]
    return Listing(tuple(sorted(found, key=lambda entry: entry.age)), is_complete)


def _parts_of(layer: Layer, key: str) -> dict[str, str]:
    return dict(zip(layer.parts, map(unquote, key.split(":")), strict=True))
