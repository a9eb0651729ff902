"""The models of the monitoring."""

from monitoring.models.breaker_event import BreakerEvent, Cause, CircuitState

__all__ = ("BreakerEvent", "Cause", "CircuitState")
