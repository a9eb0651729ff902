"""What the dashboard's tests start from: checks, alerts and counts as their owners would have stored them."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from botsite.telemetry.series import SeriesValue, bucket_of
from conversations.models import Run
from monitoring.models import Alert, AlertRule, Granularity, HealthCheck, HealthSpan, MetricBucket
from monitoring.services.bucket_data import encoded, labels_text


def make_check(
    name: str, status: str = "up", *, seen: datetime | None = None, detail: str = ""
) -> HealthCheck:
    """A check that found this status for an hour, until now or `seen`."""
    ended = seen or timezone.now()
    span = HealthSpan.objects.create(
        check_name=name, status=status, began_at=ended - timedelta(hours=1), ended_at=ended, detail=detail
    )
    return HealthCheck.objects.create(name=name, span=span, period_seconds=30, latency_ms=1.5, detail=detail)


def make_alert(severity: str = "critical", **values: Any) -> Alert:
    """An alert that fires, of any shipped rule that has none yet."""
    rule = AlertRule.objects.filter(alerts=None).order_by("pk")[0]
    now = timezone.now()
    defaults = {"state": "firing", "started_at": now, "fired_at": now, "value": 2.0, "threshold": 1.0}
    return Alert.objects.create(rule=rule, severity=severity, **(defaults | values))


def count_minute(ago: int = 1, **counters: float) -> None:
    """Store counters without labels, or `name__label` with one, of the minute that was `ago` minutes ago."""
    series = {}
    for key, amount in counters.items():
        name, *labels = key.split("__")
        series[name, tuple(labels)] = SeriesValue(amount)
    _store(ago, MetricBucket.COUNTS, encoded(series))


def time_minute(name: str, seconds: float, count: int, *, labels: tuple[str, ...] = (), ago: int = 1) -> None:
    """Store durations of the minute that was `ago` minutes ago."""
    value = SeriesValue(seconds * count, {bucket_of(seconds): count})
    _store(ago, "times", encoded({(name, labels): value}))


def sample_minute(name: str, value: float, *, ago: int = 1) -> None:
    sample_labelled({name: {(): value}}, ago=ago)


def sample_labelled(samples: Mapping[str, Mapping[tuple[str, ...], float]], *, ago: int = 1) -> None:
    """Store samples, by gauge and labels, of the minute that was `ago` minutes ago."""
    data = {
        name: {labels_text(labels): value for labels, value in found.items()}
        for name, found in samples.items()
    }
    _store(ago, MetricBucket.GAUGES, data)


def make_run(provider: str, model: str = "", **values: Any) -> Run:
    """A run that was answered a moment ago, of a customer who was erased since."""
    return Run.objects.create(provider=provider, model=model, **{"epoch": 1, "state": "completed", **values})


def _store(ago: int, source: str, data: dict[str, Any]) -> None:
    start = timezone.now().replace(second=0, microsecond=0) - timedelta(minutes=ago)
    MetricBucket.objects.create(
        granularity=Granularity.MINUTE,
        start=start,
        source=source,
        known_until=start + timedelta(minutes=1),
        data=data,
    )
