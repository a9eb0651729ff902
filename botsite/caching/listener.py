"""Hears what other processes invalidate; while it does not, this process uses no cache.

One thread per process, started by the first look-up, so never shared over a fork. It asks the server for a
sign of life every second: an answer proves that everything announced before it was heard.
"""

import os
import threading
import time
from collections.abc import Callable
from typing import Any, Protocol

from django.db import Error as DatabaseError
from redis import RedisError
from redis.client import PubSub

from botsite.caching import shared
from botsite.telemetry.logging import get_logger

PING_SECONDS = 1.0
DEADLINE_SECONDS = 1.0
TRUST_SECONDS = PING_SECONDS + DEADLINE_SECONDS + 0.5
"""How long an answered ping is good for: a process that was stopped and woken has to ask again."""
START_SECONDS = 0.5
"""How long the first look-up of a process waits for the subscription."""
RECONNECT_SECONDS = 0.5
REPLAY_SECONDS = 5.0

log = get_logger("caching")


class SubscriptionLost(Exception):
    """Announcements may have been missed."""


class Replay(Protocol):
    """Does the invalidations that are pending; raises when it cannot. `urgent`: the newest of them too."""

    def __call__(self, server: str, *, urgent: bool) -> None: ...


class Listener:
    """`on_news` gets the layer and key of each announcement, `on_deaf` is called when some may be missed.

    `replay` runs before the cache is used (again), and every few seconds after that.
    """

    def __init__(
        self, *, on_news: Callable[[str, str], None], on_deaf: Callable[[], None], replay: Replay
    ) -> None:
        self._on_news, self._on_deaf, self._replay = on_news, on_deaf, replay
        self._begin()
        os.register_at_fork(after_in_child=self._begin)

    def _begin(self) -> None:
        self._lock = threading.Lock()
        self._is_started = False
        self._tried = threading.Event()
        self._trusted_until = 0.0
        self._doubts = 1  # how often the cache was doubted, and up to which of these it is settled
        self._settled = 0
        self._replayed_at = float("-inf")
        self._is_deaf = False
        self.server = ""

    def hears(self) -> bool:
        """Whether the cache may be used now; the first call in a process starts the thread."""
        if time.monotonic() < self._trusted_until:
            return True
        if not self._tried.is_set():
            self._start()
            self._tried.wait(START_SECONDS)
        return time.monotonic() < self._trusted_until

    def doubt(self) -> None:
        """Use no cache until the server has given a sign of life and pending invalidations are done."""
        with self._lock:
            self._doubts += 1
            self._trusted_until = 0.0

    def _start(self) -> None:
        with self._lock:
            if self._is_started:
                return
            self._is_started = True
        threading.Thread(target=self._listen_for_ever, name="caching", daemon=True).start()

    def _listen_for_ever(self) -> None:
        while True:
            try:
                self._listen()
            # Whatever it was: without this thread the process would be without its cache for ever.
            except Exception as error:
                self.doubt()
                self._on_deaf()
                self._log_deaf(error)
            self._tried.set()
            time.sleep(RECONNECT_SECONDS)

    def _log_deaf(self, error: Exception) -> None:
        if not self._is_deaf:
            is_expected = isinstance(error, RedisError | OSError | DatabaseError | SubscriptionLost)
            log.warning(
                "CACHE_ACCESS_ERROR",
                operation="subscribe",
                error=type(error).__name__,
                fallback="no cache",
                exc_info=None if is_expected else error,
            )
        self._is_deaf = True

    def _listen(self) -> None:
        with shared.subscription() as subscriber:
            subscriber.subscribe(shared.news_channel())
            self._await(subscriber, "subscribe")
            self._on_deaf()  # for readers who began before it was noticed and kept something since
            self.server = shared.server_id()
            while True:
                asked, doubts = time.monotonic(), self._doubts
                subscriber.ping()
                self._await(subscriber, "pong")
                self._catch_up(urgent=doubts != self._settled)
                self._settled = doubts
                with self._lock:
                    if self._doubts == doubts:
                        self._trusted_until = asked + TRUST_SECONDS
                self._is_deaf = False
                self._tried.set()
                self._hear(subscriber, until=asked + PING_SECONDS)

    def _await(self, subscriber: PubSub, kind: str) -> None:
        deadline = time.monotonic() + DEADLINE_SECONDS
        while (remaining := deadline - time.monotonic()) > 0:
            message = subscriber.get_message(timeout=remaining)
            if message and message["type"] == kind:
                return
            self._take(message)
        raise SubscriptionLost

    def _hear(self, subscriber: PubSub, *, until: float) -> None:
        while (remaining := until - time.monotonic()) > 0:
            self._take(subscriber.get_message(timeout=remaining))

    def _take(self, message: dict[str, Any] | None) -> None:
        if message is None:
            return
        if message["type"] != "message":
            raise SubscriptionLost  # a new confirmation: the client connected anew without a word
        try:
            news = shared.news_of(message["data"])
        except (ValueError, TypeError):
            raise SubscriptionLost from None
        if news:
            self._on_news(*news)

    def _catch_up(self, *, urgent: bool) -> None:
        if not urgent and time.monotonic() < self._replayed_at + REPLAY_SECONDS:
            return
        try:
            self._replay(self.server, urgent=urgent)
        except DatabaseError as error:
            # A database that is down is no reason to do without what the cache still knows.
            if urgent:
                raise
            log.debug("CACHE_INVALIDATE_ERROR", operation="replay", error=type(error).__name__)
        self._replayed_at = time.monotonic()
