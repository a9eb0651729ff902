"""The admin of the monitoring."""

from monitoring.admin import audit, breakers, forwards, security_events

__all__ = ("audit", "breakers", "forwards", "security_events")
