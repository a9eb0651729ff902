"""Gauges: how things stand now, read from Postgres, Redis and the health checks at every scrape."""

import time
from collections.abc import Iterator
from contextlib import suppress

from django.db import Error as DatabaseError
from prometheus_client.core import GaugeMetricFamily

from botsite.resilience.breaker_shared import circuits
from conversations.models import Direction
from conversations.services.summaries import high_token_threads
from monitoring.health.live_checks import run_checks
from monitoring.services.health_states import Status, states
from monitoring.services.message_counts import COUNT_LIMIT, STATES, state_counts
from sessions_app.services.forward_figures import forward_counts


def health_gauge() -> GaugeMetricFamily:
    """Return the checks but unknown ones: Postgres and Redis as of now, the others as last found."""
    gauge = GaugeMetricFamily(
        "health_check_up", "Whether what the site stands on works, if impaired: 1 or 0.", labels=["check"]
    )
    up = {name: result.status == "up" for name, result in run_checks().items()}
    if up["database"]:
        with suppress(DatabaseError):
            known = [state for state in states() if state.status != Status.UNKNOWN]
            up = {state.name: state.status != Status.DOWN for state in known} | up
    for name, is_up in up.items():
        gauge.add_metric([name], is_up)
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
    counted = state_counts()
    names = {Direction.IN: "inbox_messages", Direction.OUT: "outbox_messages"}
    for direction, name in names.items():
        gauge = GaugeMetricFamily(
            name, f"Messages {direction} by state, counted up to {COUNT_LIMIT}.", labels=["state"]
        )
        for state in STATES[direction]:
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
