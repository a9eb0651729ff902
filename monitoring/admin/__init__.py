"""The admin of the monitoring."""

from monitoring.admin import breakers, security_events

__all__ = ("breakers", "security_events")
