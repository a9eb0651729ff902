"""The admin of the monitoring."""

from monitoring.admin import (
    alert_rules,
    alerts,
    audit,
    breakers,
    forwards,
    health,
    notification_targets,
    security_events,
)

__all__ = (
    "alert_rules",
    "alerts",
    "audit",
    "breakers",
    "forwards",
    "health",
    "notification_targets",
    "security_events",
)
