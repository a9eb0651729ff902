"""What a small business could have counted in a minute or an hour: made up, the same at every run."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from random import Random

from django.utils import timezone

from botsite.telemetry.series import BUCKET_BOUNDS, SeriesKey, SeriesValue, bucket_of

Counted = dict[SeriesKey, SeriesValue]

_PROVIDERS = (("deepseek", 0.62, 1.8), ("openai", 0.3, 1.3), ("gemini", 0.08, 2.6))
_LAYERS = (
    ("client_data", 1.0, 0.93),
    ("answer_state", 1.0, 0.97),
    ("session", 0.4, 0.81),
    ("ai_response", 0.6, 0.22),
    ("product_search", 0.2, 0.55),
    ("status", 0.5, 0.9),
)
_ENDPOINTS = (
    ("webhook", 2.1, 0.018),
    ("api-messages", 0.3, 0.03),
    ("admin:index", 0.1, 0.12),
    ("dashboard", 0.1, 0.09),
)
_FUNCTIONS = (("search_products", 0.2, 0.02), ("add_to_cart", 0.08, 0.01), ("place_order", 0.03, 0.03))
_QUANTILES = (0.05, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 0.96, 0.99)
_SPREAD = 0.55


@dataclass(frozen=True, slots=True)
class Traffic:
    """A business with so many messages in its busiest minute."""

    peak: float
    random: Random

    def counted(self, start: datetime, minutes: int) -> Counted:
        """Return what was counted in so many minutes from `start` on."""
        messages = self.peak * _busyness(start) * minutes * self.random.uniform(0.7, 1.3)
        return dict(self._series(self._whole(messages), messages))

    def sampled(self, start: datetime) -> dict[str, dict[tuple[str, ...], float]]:
        """Return samples of gauges by name and labels."""
        busy = self.peak * _busyness(start)
        return {
            "active_shop_sessions": {(): float(self._whole(busy * 2.5))},
            "active_conversations": {(): float(self._whole(busy * 6))},
            "high_token_threads": {(): float(self._whole(busy * 0.2))},
        }

    def _series(self, messages: int, busy: float) -> Iterator[tuple[SeriesKey, SeriesValue]]:
        turns = self._part(messages, 0.83)
        yield from self._counter("webhook_messages_total", ("simulator", "accepted"), messages)
        yield from self._counter("turns_total", ("answered",), turns)
        yield from self._times("turn_seconds", (), turns, 2.1)
        yield from self._counter("race_errors_total", (), self._whole(busy * 0.01))
        yield from self._counter("token_cleanups_total", (), self._whole(busy * 0.002))
        yield from self._counter("shop_sessions_expired_total", (), self._whole(busy * 0.05))
        yield from self._counter("shop_orders_total", ("placed",), self._whole(busy * 0.02))
        yield from self._assistant(turns)
        for layer, weight, rate in _LAYERS:
            asked = self._part(messages, weight)
            hits = self._part(asked, rate)
            yield from self._counter("cache_requests_total", (layer, "redis", "hit"), hits)
            yield from self._counter("cache_requests_total", (layer, "redis", "miss"), asked - hits)
        for endpoint, weight, seconds in _ENDPOINTS:
            requests = self._part(messages, weight)
            yield from self._counter("http_requests_total", (endpoint, "2xx"), requests)
            yield from self._times("http_request_seconds", (endpoint,), requests, seconds)
        for name, weight, seconds in _FUNCTIONS:
            calls = self._part(messages, weight)
            yield from self._counter("function_calls_total", (name, "ok"), calls)
            yield from self._times("function_seconds", (name,), calls, seconds)
        yield from self._times("shop_session_seconds", (), self._whole(busy * 0.05), 420.0)

    def _assistant(self, turns: int) -> Iterator[tuple[SeriesKey, SeriesValue]]:
        kept = self._part(turns, 0.18)
        yield from self._counter("ai_response_cache_total", ("hit",), kept)
        yield from self._counter("ai_response_cache_total", ("miss",), self._part(turns, 0.5))
        yield from self._counter("ai_response_cache_total", ("ineligible",), self._part(turns, 0.32))
        for provider, share, seconds in _PROVIDERS:
            calls = self._part(turns - kept, share)
            failed = self._whole(calls * 0.004)
            yield from self._counter("ai_requests_total", (provider, "ok"), calls)
            yield from self._counter("ai_requests_total", (provider, "unavailable"), failed)
            yield from self._times("ai_request_seconds", (provider,), calls, seconds)

    def _counter(
        self, name: str, labels: tuple[str, ...], amount: int
    ) -> Iterator[tuple[SeriesKey, SeriesValue]]:
        if amount:
            yield (name, labels), SeriesValue(float(amount))

    def _times(
        self, name: str, labels: tuple[str, ...], count: int, median: float
    ) -> Iterator[tuple[SeriesKey, SeriesValue]]:
        """Durations around a median, with a long tail."""
        value = SeriesValue()
        for number in range(count if count < len(_QUANTILES) else len(_QUANTILES)):
            share = max(count // len(_QUANTILES), 1)
            at = self.random.choice(_QUANTILES) if count < len(_QUANTILES) else _QUANTILES[number]
            seconds = median * math.exp(_SPREAD * _normal(at))
            bucket = min(bucket_of(seconds), len(BUCKET_BOUNDS))
            value.buckets[bucket] = value.buckets.get(bucket, 0) + share
            value.total += seconds * share
        if count:
            yield (name, labels), value

    def _part(self, whole: int, share: float) -> int:
        return self._whole(whole * share)

    def _whole(self, amount: float) -> int:
        """Round up or down by chance, so that small rates add up to what they should."""
        return int(amount + self.random.random())


def _busyness(moment: datetime) -> float:
    """Return how busy it is, 0 to 1: most at eleven and at six, little by night, less on Sundays."""
    local = timezone.localtime(moment)
    hour = local.hour + local.minute / 60
    day = 0.75 * math.exp(-(((hour - 11) / 2.6) ** 2)) + math.exp(-(((hour - 18) / 2.8) ** 2))
    return (0.04 + 0.96 * min(day, 1.0)) * (0.55 if local.isoweekday() == 7 else 1.0)


def _normal(q: float) -> float:
    """Return the quantile of the normal distribution, roughly."""
    return 4.91 * (math.pow(q, 0.14) - math.pow(1 - q, 0.14))
