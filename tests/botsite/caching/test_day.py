"""A day of messages replayed: how many of them find their customer in the cache.

The day begins with what the day before has left there.

The clock of the day is the test's own. What would have run out by it is taken out of the cache by hand.
"""

import random
from typing import Any

import pytest

from botsite import caching
from botsite.caching import process

USERS = 1000
MESSAGES = 20_000
UPDATES = 200  # changes announced from outside
ACTIVITY_SECONDS = 600.0
DAY = 24 * 3600.0
LAYER = caching.CLIENT_DATA


class Replay:
    """Customers by Zipf's law, their messages and updates spread evenly over the day."""

    def __init__(self) -> None:
        self._random = random.Random(4)
        self._weights = [1 / rank for rank in range(1, USERS + 1)]
        self._stored_at: dict[int, float] = {}
        self._here_at: dict[int, float] = {}
        self._active_until: dict[int, float] = {}
        self.loads = 0

    def run(self) -> None:
        self._begin()
        for now, kind, user in self._events():
            self._let_time_pass(user, now)
            if kind == "message":
                self._message(user, now)
            else:
                caching.invalidate(LAYER, channel="shop", user=user)
                self._stored_at.pop(user, None)

    def _begin(self) -> None:
        """Store who wrote during the last hours: for an even flow their last words lie back exponentially."""
        a_day = MESSAGES / sum(self._weights)
        for user, weight in enumerate(self._weights):
            stored_at = -DAY * self._random.expovariate(weight * a_day)
            if stored_at > -LAYER.ttl:
                self._store(user, stored_at)

    def _events(self) -> list[tuple[float, str, int]]:
        kinds = ["message"] * MESSAGES + ["update"] * UPDATES
        users = self._random.choices(range(USERS), self._weights, k=len(kinds))
        times = [self._random.random() * DAY for _ in kinds]
        return sorted(zip(times, kinds, users, strict=True))

    def _let_time_pass(self, user: int, now: float) -> None:
        folded_at = self._active_until.get(user, now)
        if folded_at < now:
            # The delayed activity wrote the new totals: to the database, then to the cache.
            self._store(user, folded_at)
            del self._active_until[user]
        if now - self._stored_at.get(user, now) > LAYER.ttl:
            caching.invalidate(LAYER, channel="shop", user=user)
            del self._stored_at[user]
        elif now - self._here_at.get(user, now) > LAYER.local_ttl:
            process.local.forget(LAYER.name, LAYER.key({"channel": "shop", "user": user}))
            del self._here_at[user]

    def _message(self, user: int, now: float) -> None:
        def load() -> dict[str, Any]:
            self.loads += 1
            self._stored_at[user] = now
            return {"userName": str(user)}

        caching.get_or_load(LAYER, load, channel="shop", user=user)
        self._here_at.setdefault(user, now)
        self._active_until[user] = now + ACTIVITY_SECONDS

    def _store(self, user: int, now: float) -> None:
        caching.put(LAYER, {"userName": str(user)}, channel="shop", user=user)
        self._stored_at[user] = now


@pytest.mark.django_db
def test_nineteen_of_twenty_messages_find_their_customer_in_the_cache() -> None:
    replay = Replay()

    replay.run()

    assert 1 - replay.loads / MESSAGES >= 0.95
