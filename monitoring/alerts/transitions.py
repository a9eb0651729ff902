"""Writing what becomes of an alert: rows and their history, each change conditional on what was read.

A process that was stopped and wakes up late changes nothing, and of two that evaluate at once one does.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet

from botsite.telemetry.logging import get_logger
from monitoring.alerts.machine import Stage, next_stage
from monitoring.models import Alert, AlertEvent, AlertEventKind, AlertRule, AlertState

REOPENED_WITHIN = timedelta(minutes=10)
"""What fires again so soon is the same alert."""

log = get_logger("alerts")


@dataclass(frozen=True, slots=True)
class Judgement:
    """The value, and whether it breaks the rule; None: not known."""

    value: float | None
    is_broken: bool | None


WHOLE = Judgement(None, is_broken=False)


@dataclass(slots=True)
class Counts:
    fired: int = 0
    resolved: int = 0

    def as_dict(self) -> dict[str, int]:
        return asdict(self)


def keep(alerts: Iterable[Alert], now: datetime) -> None:
    """Let alerts of whose rule nothing is known be as they are, and say since when."""
    for alert in alerts:
        if alert.stale_since is None:
            _same(alert).update(stale_since=now)


def advance(
    rule: AlertRule, scope: str, alert: Alert | None, judgement: Judgement, now: datetime, counts: Counts
) -> None:
    """Take an open alert, or none, one step on."""
    if judgement.is_broken is None:
        keep([alert] if alert else [], now)
        return
    stage: Stage = AlertState(alert.state) if alert else None
    began = alert.started_at if alert else now
    hold = rule.hold if judgement.is_broken else timedelta()  # a rule that is gone has none
    after = next_stage(stage, began=began, is_broken=judgement.is_broken, hold=hold, now=now)
    with transaction.atomic():
        if alert is None:
            alert = _begin(rule, scope, judgement, now)
        if alert is None:
            return
        if after is AlertState.FIRING and alert.state == AlertState.PENDING:
            counts.fired += _fire(alert, rule, judgement, now)
        elif after is AlertState.RESOLVED:
            counts.resolved += _resolve(alert, judgement, now)
        elif after is None:
            _drop(alert)
        else:
            _go_on(alert, judgement)


def _begin(rule: AlertRule, scope: str, judgement: Judgement, now: datetime) -> Alert | None:
    """Make a pending alert, or take up one that ended a moment ago; None: another process has."""
    ended = Alert.objects.filter(
        rule=rule, scope=scope, state=AlertState.RESOLVED, resolved_at__gte=now - REOPENED_WITHIN
    )
    earlier = ended.order_by("-resolved_at").first()
    alert = earlier or Alert(rule=rule, scope=scope)
    values: dict[str, Any] = {
        "state": AlertState.PENDING,
        "started_at": now,
        "severity": rule.severity,
        "threshold": rule.threshold,
        "value": judgement.value,
    }
    try:
        with transaction.atomic():
            if earlier and not _same(alert).update(**values):
                return None
            for name, value in values.items():
                setattr(alert, name, value)
            if earlier is None:
                alert.save()
    except IntegrityError:
        return None
    return alert


def _fire(alert: Alert, rule: AlertRule, judgement: Judgement, now: datetime) -> int:
    is_again = alert.occurrence > 0
    changed = _same(alert).update(
        state=AlertState.FIRING,
        occurrence=F("occurrence") + 1,
        fired_at=now,
        resolved_at=None,
        severity=rule.severity,
        threshold=rule.threshold,
        value=judgement.value,
        stale_since=None,
    )
    if changed:
        _tell(alert, AlertEventKind.REOPENED if is_again else AlertEventKind.FIRED, judgement.value)
        log.warning("ALERT_FIRED", **_facts(alert), severity=str(rule.severity), value=judgement.value)
    return changed


def _resolve(alert: Alert, judgement: Judgement, now: datetime) -> int:
    value = alert.value if judgement.value is None else judgement.value
    changed = _same(alert).update(
        state=AlertState.RESOLVED, resolved_at=now, value=value, stale_since=None, silenced_until=None
    )
    if changed:
        _tell(alert, AlertEventKind.RESOLVED, judgement.value)
        log.info("ALERT_RESOLVED", **_facts(alert), value=judgement.value)
    return changed


def _drop(alert: Alert) -> None:
    """A pending alert was nothing; one that had fired before is over since then."""
    if alert.occurrence:
        _same(alert).update(state=AlertState.RESOLVED, stale_since=None)
    else:
        _same(alert).delete()


def _go_on(alert: Alert, judgement: Judgement) -> None:
    if alert.value != judgement.value or alert.stale_since:
        _same(alert).update(value=judgement.value, stale_since=None)


def _same(alert: Alert) -> QuerySet[Alert]:
    """Match the alert's row as it was read."""
    return Alert.objects.filter(pk=alert.pk, state=alert.state, occurrence=alert.occurrence)


def _tell(alert: Alert, kind: AlertEventKind, value: float | None) -> None:
    AlertEvent.objects.create(alert=alert, kind=kind, value=value)


def _facts(alert: Alert) -> dict[str, object]:
    return {"alert_id": alert.pk, "operation": alert.rule.slug, "scope": alert.scope}
