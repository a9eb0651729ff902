"""What this process has of the cache: its memory, loads under way, and the ear for the other processes."""

from django.conf import settings
from redis import ConnectionError as RedisConnectionError
from redis import RedisError, ResponseError

from botsite.caching import pending
from botsite.caching.flights import Flights
from botsite.caching.layers import Layer
from botsite.caching.listener import Listener
from botsite.caching.local import LocalLevel
from botsite.caching.shared import Place


def place_of(layer: Layer, key: str) -> Place:
    """Return where the entry lies in the Redis that is heard."""
    return Place(listener.server, layer.name, key)


def require_hearing() -> None:
    """Raise redis.ConnectionError unless this process hears: nobody waits for a Redis known not to answer."""
    if not listener.hears():
        raise RedisConnectionError("not subscribed")


def doubt_after(error: RedisError) -> None:
    """Use no Redis that does not answer for now. One that refuses a command, as when it is full, is heard."""
    if not isinstance(error, ResponseError):
        listener.doubt()


def forget(layer_name: str, key: str) -> None:
    """Drop what `key` names, which may hold ANY, from memory, and keep no load of it that has begun."""
    flights.part(layer_name, key)
    local.forget(layer_name, key)


def _forget_everything() -> None:
    flights.part_all()
    local.clear()


def _replay(server: str, *, urgent: bool) -> None:
    for layer_name, key in pending.replay(server, urgent=urgent):
        forget(layer_name, key)


local = LocalLevel(limit=lambda: settings.CACHE_LOCAL_MB * 1_000_000)
flights = Flights()
listener = Listener(on_news=forget, on_deaf=_forget_everything, replay=_replay)
