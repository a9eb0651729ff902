"""A process of its own, its clock off, that calls under a quota as it is told, a command a line.

<key> <limit> <seconds> <calls>   call so often; answers the calls that were admitted, each as the monotonic
                                  times (one clock for all processes of a machine) just before and after
"""

import json
import os
import subprocess
import sys
import time
from typing import Any, Self

from django.conf import settings

from botsite.resilience.ratelimit import Quota, wait_before

Span = tuple[float, float]


class LimiterProcess:
    """The test's end of it; `clock_offset` is by how many seconds its wall clock is wrong."""

    def __init__(self, clock_offset: float = 0) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.botsite.resilience.limiter_process", str(clock_offset)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "DJANGO_SETTINGS_MODULE": "botsite.settings"},
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._process.kill()
        self._process.communicate()

    def tell(self, *words: object) -> None:
        assert self._process.stdin is not None
        print(*words, file=self._process.stdin, flush=True)

    def answer(self) -> list[Span]:
        assert self._process.stdout is not None
        return [(before, after) for before, after in json.loads(self._process.stdout.readline())]


def _main(clock_offset: float) -> None:
    # On a busy machine Redis may be slow to answer, and a process that gives it up counts by itself.
    default: Any = settings.CACHES["default"]
    default["OPTIONS"].update(SOCKET_CONNECT_TIMEOUT=60, SOCKET_TIMEOUT=60)
    true_time = time.time
    time.time = lambda: true_time() + clock_offset
    for line in sys.stdin:
        key, limit, seconds, calls = line.split()
        quota = Quota(name="test", limit=int(limit), seconds=float(seconds))
        print(json.dumps(_admitted(quota, key, int(calls))), flush=True)


def _admitted(quota: Quota, key: str, calls: int) -> list[Span]:
    spans = []
    for _ in range(calls):
        before = time.monotonic()
        if not wait_before(quota, key):
            spans.append((before, time.monotonic()))
    return spans


if __name__ == "__main__":
    _main(float(sys.argv[1]))
