"""Rules in PromQL, over the metrics of `/metrics`."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from monitoring.alerts import sources
from monitoring.models import AlertRule


def expression(rule: AlertRule) -> str | None:
    """Return what is true while the rule is broken; None: Prometheus does not have what it looks at."""
    definition = rule.definition
    if definition is None:
        return None
    source = definition.source
    if isinstance(source, sources.Down):
        return f"health_check_up{_selector(_check_label(source.check))} == 0"
    words = _WAYS.get(type(source))
    found = words(source, f"[{rule.window.total_seconds():.0f}s]") if words else None
    if found is None:
        return None
    value, samples = found
    text = f"{value} {definition.compare.value} {rule.threshold:g}"
    return f"{text} and {samples} >= {rule.minimum}" if samples and rule.minimum else text


def _total(source: sources.Total, window: str) -> tuple[str, str]:
    by = f" by ({source.by})" if source.by else ""
    return f"sum{by} (increase({_series(source.of)}{window}))", ""


def _rate(source: sources.Rate, window: str) -> tuple[str, str]:
    return f"sum(rate({_series(source.of)}{window}))", ""


def _ratio(source: sources.Ratio, window: str) -> tuple[str, str]:
    part = _increase(source.part, window)
    whole = " + ".join(_increase(counted, window) for counted in source.whole)
    return f"100 * {part} / ({whole})", f"({whole})"


def _quantile(source: sources.Quantile, window: str) -> tuple[str, str]:
    buckets = f"sum by (le) (rate({source.name}_bucket{window}))"
    return f"histogram_quantile({source.q:g}, {buckets})", f"sum(increase({source.name}_count{window}))"


def _stored(source: sources.Stored, _window: str) -> tuple[str, str] | None:
    return (source.promql, "") if source.promql else None


_WAYS: Mapping[type, Callable[[Any, str], tuple[str, str] | None]] = {
    sources.Total: _total,
    sources.Rate: _rate,
    sources.Ratio: _ratio,
    sources.Quantile: _quantile,
    sources.Stored: _stored,
}


def _increase(counted: sources.Counted, window: str) -> str:
    """A series that has not been counted yet is absent there, and zero here."""
    return f"(sum(increase({_series(counted)}{window})) or vector(0))"


def _series(counted: sources.Counted) -> str:
    matchers = {name: f"={json.dumps(value)}" for name, value in counted.labels.items()}
    return counted.name + _selector(matchers)


def _check_label(check: str) -> dict[str, str]:
    return {"check": f'=~"{check}.+"' if check.endswith(":") else f'="{check}"'}


def _selector(labels: Mapping[str, str]) -> str:
    return f"{{{','.join(name + matcher for name, matcher in labels.items())}}}" if labels else ""
