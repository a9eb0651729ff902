"""The admin of the monitoring."""

from monitoring.admin import audit, breakers, security_events

__all__ = ("audit", "breakers", "security_events")
