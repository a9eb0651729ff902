"""A process of its own that calls through breakers as it is told, a command a line.

attempt <name> <port> <times>   call what listens there so often; answers how many were refused
probe <name>                    wait for the probe and keep it; answers "probing"
race <name> <seconds>           ask for admission all the time; answers how often it was admitted
state <name>                    answers the state
"""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Self

from django.conf import settings

from botsite.resilience.breaker import Breaker, BreakerOpen, Policy, get_breaker
from botsite.telemetry import logging

ADDRESS = "127.0.0.1"
SLOW = "slow:"
"""Breakers whose names begin so take a minute to recover, all others follow POLICY."""
POLICY = Policy(recovery_seconds=0.3, longest_recovery_seconds=0.3, probe_seconds=4.0)


class BreakerProcess:
    """The test's end of it."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.botsite.resilience.breaker_process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "DJANGO_SETTINGS_MODULE": "botsite.settings"},
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.kill()

    def tell(self, *words: object) -> None:
        assert self._process.stdin is not None
        print(*words, file=self._process.stdin, flush=True)

    def answer(self) -> object:
        """What it says to the oldest command that has no answer yet."""
        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline())

    def ask(self, *words: object) -> object:
        self.tell(*words)
        return self.answer()

    def kill(self) -> None:
        """kill -9."""
        self._process.kill()
        self._process.communicate()


def _main() -> None:
    logging.configure(settings.LOGGING)  # django.setup() would import every app
    for line in sys.stdin:
        verb, *arguments = line.split()
        print(json.dumps(_COMMANDS[verb](*arguments)), flush=True)


def _attempt(name: str, port: str, times: str) -> int:
    refused = 0
    for _ in range(int(times)):
        try:
            with _breaker(name).call():
                _call(int(port))
        except BreakerOpen:
            refused += 1
        except OSError:
            pass
    return refused


def _call(port: int) -> None:
    with socket.create_connection((ADDRESS, port)) as connection:
        if not connection.recv(1):
            raise ConnectionError


def _probe(name: str) -> str:
    while not _race(name, "0.01"):
        pass
    return "probing"


def _race(name: str, seconds: str) -> int:
    admitted = 0
    end = time.monotonic() + float(seconds)
    while time.monotonic() < end:
        try:
            _breaker(name).admit()
        except BreakerOpen:
            continue
        admitted += 1
    return admitted


def _state(name: str) -> str:
    return _breaker(name).state().name


def _breaker(name: str) -> Breaker:
    return get_breaker(name, Policy() if name.startswith(SLOW) else POLICY)


_COMMANDS: dict[str, Callable[..., object]] = {
    "attempt": _attempt,
    "probe": _probe,
    "race": _race,
    "state": _state,
}

if __name__ == "__main__":
    _main()
