"""The cache among tests: ready before the first, emptied after each."""

from django.core.cache import caches

from botsite.caching import listener, process, shared
from tests.processes import wait_until

NEVER = 1e9


def listen() -> None:
    """Subscribe, and leave the database in peace from then on: most of the time tests may not use it."""
    wait_until(process.listener.hears)
    listener.REPLAY_SECONDS = NEVER


def forget_cached_values() -> None:
    """Empty both levels, of this process and in Redis; all else in Redis stays."""
    process.local.clear()
    caches[shared.ALIAS].delete_pattern("*")  # type: ignore[attr-defined]  # django-redis's own
