"""The models of the monitoring."""

from monitoring.models.alert import OPEN_STATES, Alert, AlertEvent, AlertEventKind, AlertState
from monitoring.models.alert_rule import AlertRule
from monitoring.models.audit_event import AuditEvent
from monitoring.models.breaker_event import BreakerEvent, Cause, CircuitState
from monitoring.models.dashboard import Dashboard
from monitoring.models.health import HealthCheck, HealthSpan, ProcessHeartbeat, ProcessKind, Status
from monitoring.models.metric_bucket import Granularity, MetricBucket
from monitoring.models.notification import (
    NoticeKind,
    NoticeState,
    Notification,
    NotificationTarget,
    TargetKind,
)
from monitoring.models.security_event import SecurityEvent
from monitoring.models.watch import Watch

__all__ = (
    "OPEN_STATES",
    "Alert",
    "AlertEvent",
    "AlertEventKind",
    "AlertRule",
    "AlertState",
    "AuditEvent",
    "BreakerEvent",
    "Cause",
    "CircuitState",
    "Dashboard",
    "Granularity",
    "HealthCheck",
    "HealthSpan",
    "MetricBucket",
    "NoticeKind",
    "NoticeState",
    "Notification",
    "NotificationTarget",
    "ProcessHeartbeat",
    "ProcessKind",
    "SecurityEvent",
    "Status",
    "TargetKind",
    "Watch",
)
