"""The admin of the monitoring."""

from monitoring.admin import breakers

__all__ = ("breakers",)
