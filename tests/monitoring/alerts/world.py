"""A made-up site for the alerts to look at: counts, health and rows, and a clock that only the test moves."""

from collections.abc import Mapping

import time_machine
from django.utils import timezone

from botsite.telemetry import metrics
from botsite.telemetry.meter import Meter
from monitoring.alerts.evaluate import evaluate
from monitoring.health.findings import Finding
from monitoring.models import Alert, AlertRule, AlertState, Status
from monitoring.services.health_store import findings_store
from monitoring.services.rollup import roll_up


class World:
    """Everything goes the way that it goes in the site, from the meter to the rows."""

    def __init__(self, clock: time_machine.Traveller, meter: Meter) -> None:
        self.clock = clock
        self._meter = meter

    def count(self, name: str, amount: float = 1, **labels: str) -> None:
        metrics.count(name, amount, **labels)
        self._flush()

    def observe(self, name: str, seconds: float, *, times: int = 1, **labels: str) -> None:
        for _ in range(times):
            metrics.observe(name, seconds, **labels)
        self._flush()

    def health(
        self,
        check: str,
        status: Status,
        *,
        latency_ms: float | None = None,
        figures: Mapping[str, float] | None = None,
    ) -> None:
        """A check found this just now."""
        finding = Finding(status, figures=figures or {}, latency_ms=latency_ms)
        findings_store({check: finding}, periods={check: 3600})

    def wait(self, seconds: float) -> None:
        """Let time go by in which the counts are rolled up and nothing else happens."""
        self.clock.shift(seconds)
        self._flush()

    def evaluate(self) -> dict[str, int]:
        return evaluate()

    def state(self, slug: str, scope: str = "") -> str:
        """The state of the rule's newest alert there; empty without one."""
        alert = Alert.objects.filter(rule__slug=slug, scope=scope).order_by("-pk").first()
        return alert.state if alert else ""

    def fire(self, slug: str, **values: object) -> Alert:
        """An alert that fires since now, without any measuring."""
        rule = AlertRule.objects.get(slug=slug)
        fields = {
            "scope": "",
            "severity": rule.severity,
            "threshold": rule.threshold,
            "value": 1.0,
            "state": AlertState.FIRING,
            "occurrence": 1,
            "started_at": timezone.now(),
            "fired_at": timezone.now(),
        }
        return Alert.objects.create(rule=rule, **(fields | values))

    def _flush(self) -> None:
        self._meter.flush()
        roll_up()
