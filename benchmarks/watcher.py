"""A process that says when it learnt of a change: `python -m benchmarks.watcher cache|bare`.

For each line that it reads it makes ready, says so, waits for the change and tells the monotonic clock.
"""

import os
import sys
import time
from collections.abc import Callable

import django
import redis

NEWS = "bare-news"
POLL_SECONDS = 0.0002


def main() -> None:
    wait = _cache() if sys.argv[1] == "cache" else _bare()
    for line in sys.stdin:
        print(wait(line.strip()), flush=True)


def _cache() -> Callable[[str], float]:
    django.setup()
    from botsite import caching

    def wait(user: str) -> float:
        caching.get_or_load(caching.CLIENT_DATA, lambda: {"name": "Ana"}, channel="bench", user=user)
        print("ready", flush=True)
        while caching.has(caching.CLIENT_DATA, channel="bench", user=user):
            time.sleep(POLL_SECONDS)
        return time.monotonic()

    return wait


def _bare() -> Callable[[str], float]:
    subscriber = redis.Redis.from_url(os.environ["REDIS_URL"]).pubsub()  # type: ignore[no-untyped-call]
    subscriber.subscribe(NEWS)
    subscriber.get_message(timeout=5)

    def wait(_: str) -> float:
        print("ready", flush=True)
        subscriber.get_message(timeout=5)
        return time.monotonic()

    return wait


if __name__ == "__main__":
    main()
