"""Measuring what a rule looks at."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import cached_property
from typing import Any

from django.utils import timezone

from monitoring.alerts import sources
from monitoring.alerts.measured import Measured, Unknown
from monitoring.alerts.rules import RULES
from monitoring.alerts.stored import MEASURES
from monitoring.services import series
from monitoring.services.health_states import CheckState, Status, states

FRESH = timedelta(minutes=2)
"""Figures that end earlier than this say nothing about now."""


def _names(source: sources.Source) -> set[str]:
    """Return the counters and histograms that a source looks at."""
    match source:
        case sources.Total(of=counted) | sources.Rate(of=counted):
            return {counted.name}
        case sources.Ratio(part=part, whole=whole):
            return {part.name, *(counted.name for counted in whole)}
        case sources.Quantile(name=name):
            return {name}
        case _:
            return set()


_MEASURED = frozenset().union(*(_names(rule.source) for rule in RULES.values()))
"""Only these are read, every few seconds: most of what is kept no rule looks at."""


class Facts:
    """What one round of evaluation has read: each thing once, when the first rule asks for it."""

    def __init__(self) -> None:
        self._frames: dict[timedelta, series.Frame] = {}

    def frame(self, window: timedelta) -> series.Frame:
        """Return the figures of the window that ends now. Raises Unknown when they are not of now."""
        if window not in self._frames:
            self._frames[window] = series.read(series.Window.last(window), _MEASURED)
        frame = self._frames[window]
        if frame.as_of is None or timezone.now() - frame.as_of > FRESH:
            raise Unknown
        return frame

    def checks(self, name: str) -> list[CheckState]:
        """Return the health checks of a name, or of all names that begin so if it ends in ":"."""
        return [
            check
            for check in self._checks
            if check.name == name or (name.endswith(":") and check.name.startswith(name))
        ]

    @cached_property
    def _checks(self) -> list[CheckState]:
        return states()


def measure(source: sources.Source, window: timedelta, facts: Facts) -> list[Measured]:
    """Return the values at every scope. Raises Unknown, or what a store raises that cannot be read."""
    return _WAYS[type(source)](source, window, facts)


def _stored(source: sources.Stored, window: timedelta, _facts: Facts) -> list[Measured]:
    return MEASURES[source.name](window)


def _total(source: sources.Total, window: timedelta, facts: Facts) -> list[Measured]:
    frame, counted = facts.frame(window), source.of
    if not source.by:
        return [Measured("", _sum(frame, counted))]
    by_scope = frame.totals_by(counted.name, source.by, **counted.labels)
    return [Measured(scope, value) for scope, value in by_scope.items()]


def _rate(source: sources.Rate, window: timedelta, facts: Facts) -> list[Measured]:
    return [Measured("", _sum(facts.frame(window), source.of) / window.total_seconds())]


def _ratio(source: sources.Ratio, window: timedelta, facts: Facts) -> list[Measured]:
    frame = facts.frame(window)
    whole = sum(_sum(frame, counted) for counted in source.whole)
    return [Measured("", 100 * _sum(frame, source.part) / whole, whole)] if whole else []


def _quantile(source: sources.Quantile, window: timedelta, facts: Facts) -> list[Measured]:
    frame = facts.frame(window)
    count = frame.count(source.name)
    return [Measured("", frame.quantile(source.name, source.q), count)] if count else []


def _down(source: sources.Down, _window: timedelta, facts: Facts) -> list[Measured]:
    return [
        Measured(
            _scope(check, source.check), float(check.status is Status.DOWN) if _is_known(check) else None
        )
        for check in facts.checks(source.check)
    ]


def _latency(source: sources.Latency, _window: timedelta, facts: Facts) -> list[Measured]:
    return [
        Measured("", check.latency_ms / 1000 if _is_known(check) and check.latency_ms is not None else None)
        for check in facts.checks(source.check)
    ]


def _figure(source: sources.Figure, _window: timedelta, facts: Facts) -> list[Measured]:
    return [
        Measured("", check.figures.get(source.name) if _is_known(check) else None)
        for check in facts.checks(source.check)
    ]


_WAYS: Mapping[type, Callable[[Any, timedelta, Facts], list[Measured]]] = {
    sources.Stored: _stored,
    sources.Total: _total,
    sources.Rate: _rate,
    sources.Ratio: _ratio,
    sources.Quantile: _quantile,
    sources.Down: _down,
    sources.Latency: _latency,
    sources.Figure: _figure,
}


def _sum(frame: series.Frame, counted: sources.Counted) -> float:
    total = frame.total(counted.name, **counted.labels)
    if total is None:
        raise Unknown
    return total


def _is_known(check: CheckState) -> bool:
    return not check.is_stale and check.status is not Status.UNKNOWN


def _scope(check: CheckState, name: str) -> str:
    return check.name.removeprefix(name) if name.endswith(":") else ""
