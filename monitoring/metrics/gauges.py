"""Gauges: how things stand now, read from Postgres, Redis and the health checks at every scrape."""

import time
from collections.abc import Iterator

from django.db import connection
from prometheus_client.core import GaugeMetricFamily

from botsite.resilience.breaker_shared import circuits
from conversations.models import Direction, InboundState, OutboundState
from conversations.services.summaries import high_token_threads
from monitoring.health.checks import run_checks
from sessions_app.services.forward_figures import forward_counts

COUNT_LIMIT = 10_000
"""States are counted up to here, so that a scrape stays cheap however many messages are stored."""

_COUNT = """(
    SELECT count(*)
    FROM (SELECT 1 FROM conversations_message WHERE direction = %s AND state = %s LIMIT %s) AS found
)"""
_STATES = {Direction.IN: InboundState.values, Direction.OUT: OutboundState.values}


def health_gauge() -> GaugeMetricFamily:
    gauge = GaugeMetricFamily(
        "health_check_up", "Whether what the site stands on answers: 1 or 0.", labels=["check"]
    )
    for name, result in run_checks().items():
        gauge.add_metric([name], result.status == "up")
    return gauge


def circuit_gauge() -> GaugeMetricFamily:
    """Return the states of the circuit breakers. Raises RedisAway."""
    gauge = GaugeMetricFamily(
        "circuit_state", "Circuit breakers: 0 closed, 1 half-open, 2 open.", labels=["name"]
    )
    now = time.monotonic()
    for name, found in circuits().items():
        gauge.add_metric([name], found.circuit.state(now))
    return gauge


def stored_gauges() -> Iterator[GaugeMetricFamily]:
    """Yield the gauges of messages, forwards and threads. Raises django.db.Error."""
    counted = _state_counts()
    names = {Direction.IN: "inbox_messages", Direction.OUT: "outbox_messages"}
    for direction, name in names.items():
        gauge = GaugeMetricFamily(
            name, f"Messages {direction} by state, counted up to {COUNT_LIMIT}.", labels=["state"]
        )
        for state in _STATES[direction]:
            gauge.add_metric([state], counted[direction, state])
        yield gauge
    yield forward_gauge()
    yield GaugeMetricFamily(
        "high_token_threads", "Open threads over THREAD_TOKEN_THRESHOLD.", value=high_token_threads().count()
    )


def forward_gauge() -> GaugeMetricFamily:
    gauge = GaugeMetricFamily(
        "forward_items", f"Forwards to Laravel, counted up to {COUNT_LIMIT}.", labels=["kind", "state"]
    )
    for labels, count in forward_counts().items():
        gauge.add_metric(labels, count)
    return gauge


def _state_counts() -> dict[tuple[str, str], int]:
    """Count every state in one round trip; each is a walk over the index `message_by_state`, cut short."""
    keys = [(direction, state) for direction, states in _STATES.items() for state in states]
    values = [value for key in keys for value in (*key, COUNT_LIMIT)]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join([_COUNT] * len(keys))}", values)
        row = cursor.fetchone()
    return dict(zip(keys, row, strict=True))
