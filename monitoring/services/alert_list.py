"""Alerts as people see them, and what people say to them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Count, F, QuerySet
from django.utils import timezone

from monitoring.alerts.severity import Severity
from monitoring.models import OPEN_STATES, Alert, AlertEvent, AlertEventKind, AlertState


class AlertOver(Exception):
    """The alert has been resolved meanwhile: there is nothing to acknowledge or silence."""


def open_alerts(*, include_pending: bool = False) -> list[Alert]:
    """Return what fires now, the worst first and of these the newest; one query.

    `include_pending`: also what is broken and has not been for long enough, after those that fire.
    """
    states = OPEN_STATES if include_pending else (AlertState.FIRING,)
    found = Alert.objects.filter(state__in=states).select_related("rule")
    return sorted(found, key=_urgency)


def counts_by_severity() -> dict[Severity, int]:
    """Count what fires now, silenced ones too, by severity; zeros included; one query."""
    rows = Alert.objects.filter(state=AlertState.FIRING).values_list("severity").annotate(Count("pk"))
    counted = dict(rows)
    return {severity: counted.get(severity, 0) for severity in Severity}


def recent_alerts(limit: int = 20) -> Sequence[Alert]:
    """Return the last alerts that fired and are over, newest first; one query."""
    over = Alert.objects.filter(state=AlertState.RESOLVED, fired_at__isnull=False).select_related("rule")
    return list(over.order_by(F("resolved_at").desc())[:limit])


def acknowledge(alert_id: int, *, by: str, note: str = "") -> None:
    """Say that somebody has seen it: it is not escalated any more. Raises AlertOver, Alert.DoesNotExist."""
    _change(
        alert_id, AlertEventKind.ACKNOWLEDGED, by, note, acknowledged_at=timezone.now(), acknowledged_by=by
    )


def silence(alert_id: int, *, until: datetime, by: str, note: str = "") -> None:
    """Tell nobody of it before `until`. Raises AlertOver, Alert.DoesNotExist."""
    text = f"{until:%Y-%m-%d %H:%M %Z} {note}".strip()
    _change(alert_id, AlertEventKind.SILENCED, by, note, text=text, silenced_until=until, silenced_by=by)


def note_add(alert_id: int, *, by: str, note: str) -> None:
    """Write down what is known of it; also of one that is over. Raises Alert.DoesNotExist."""
    with transaction.atomic():
        alert = _locked(Alert.objects.all(), alert_id)
        Alert.objects.filter(pk=alert.pk).update(note=note)
        AlertEvent.objects.create(alert=alert, kind=AlertEventKind.NOTED, by=by, text=note)


@transaction.atomic
def _change(alert_id: int, kind: AlertEventKind, by: str, note: str, text: str = "", **changes: Any) -> None:
    alert = _locked(Alert.objects.all(), alert_id)
    if alert.state == AlertState.RESOLVED:
        raise AlertOver
    if note:
        changes["note"] = note
    Alert.objects.filter(pk=alert.pk).update(**changes)
    AlertEvent.objects.create(alert=alert, kind=kind, by=by, text=text or note)


def _locked(alerts: QuerySet[Alert], alert_id: int) -> Alert:
    return alerts.select_for_update(of=("self",)).get(pk=alert_id)


def _urgency(alert: Alert) -> tuple[bool, int, float]:
    began = alert.fired_at or alert.started_at
    return alert.state == AlertState.PENDING, Severity(alert.severity).rank, -began.timestamp()
