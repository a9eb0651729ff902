"""Whom to tell what: rows first, one for each alert, target and kind, so that nothing is told twice."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from django.db.models import Exists, F, OuterRef

from monitoring.alerts.severity import Severity
from monitoring.models import Alert, AlertState, NoticeKind, Notification, NotificationTarget

SETTLED_AFTER = timedelta(minutes=5)
"""What fires again soon after its end is told of only when it goes on firing for so long."""
TOLD_WITHIN = timedelta(days=1)


def notices_plan(now: datetime) -> int:
    """Store the notices that are due; returns how many are new. Three queries when there is nothing to do."""
    targets = list(NotificationTarget.objects.filter(is_enabled=True))
    firing = list(Alert.objects.filter(state=AlertState.FIRING)) if targets else []
    stored = set(
        Notification.objects.filter(alert__in=firing).values_list("alert", "target", "kind", "occurrence")
    )
    wanted = [
        notice
        for notice in (*_fired(firing, targets, now), *_resolved(now))
        if (notice.alert_id, notice.target_id, notice.kind, notice.occurrence) not in stored
    ]
    Notification.objects.bulk_create(wanted, ignore_conflicts=True)
    return len(wanted)


def _fired(
    alerts: Iterable[Alert], targets: Iterable[NotificationTarget], now: datetime
) -> Iterator[Notification]:
    for alert in alerts:
        for target in targets:
            kind = NoticeKind.ESCALATED if target.delay_minutes else NoticeKind.FIRED
            if _concerns(alert, target) and _due_at(alert, target) <= now:
                yield _notice(alert, target.pk, kind, now)


def _concerns(alert: Alert, target: NotificationTarget) -> bool:
    if alert.is_silenced or (target.delay_minutes and alert.is_acknowledged):
        return False
    return Severity(alert.severity) in Severity(target.minimum_severity).and_worse


def _due_at(alert: Alert, target: NotificationTarget) -> datetime:
    settled = SETTLED_AFTER if alert.occurrence > 1 else timedelta()
    return (alert.fired_at or alert.started_at) + max(settled, timedelta(minutes=target.delay_minutes))


def _resolved(now: datetime) -> Iterator[Notification]:
    """Whoever was told of it is told of its end."""
    told = Notification.objects.filter(alert=OuterRef("alert"), target=OuterRef("target"))
    told_of_the_end = told.filter(kind=NoticeKind.RESOLVED, occurrence=OuterRef("occurrence"))
    over = Notification.objects.filter(
        ~Exists(told_of_the_end),
        alert__state=AlertState.RESOLVED,
        alert__resolved_at__gte=now - TOLD_WITHIN,
        occurrence=F("alert__occurrence"),
        target__is_enabled=True,
    )
    for notice in over.select_related("alert"):
        yield _notice(notice.alert, notice.target_id, NoticeKind.RESOLVED, now)


def _notice(alert: Alert, target_id: int, kind: NoticeKind, now: datetime) -> Notification:
    return Notification(alert=alert, target_id=target_id, kind=kind, occurrence=alert.occurrence, due_at=now)
