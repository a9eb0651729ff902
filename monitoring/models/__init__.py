"""The models of the monitoring."""

from monitoring.models.audit_event import AuditEvent
from monitoring.models.breaker_event import BreakerEvent, Cause, CircuitState
from monitoring.models.dashboard import Dashboard
from monitoring.models.security_event import SecurityEvent

__all__ = ("AuditEvent", "BreakerEvent", "Cause", "CircuitState", "Dashboard", "SecurityEvent")
