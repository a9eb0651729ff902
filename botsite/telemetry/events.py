"""Signals by which low layers tell of what the monitoring stores. Receivers must be quick and not raise."""

from django.dispatch import Signal

circuit_changed = Signal()
"""A circuit breaker opened or closed by itself: `name`, and the states `was` and `now`."""

security_event = Signal()
"""Somebody did what he may not: `operation` names it, `facts` are texts about it that hold no secret.

Send it through `botsite.telemetry.reports.report_security_event`, which also writes the log line.
"""

audit_event = Signal()
"""Something was changed by API or command: `action`, `actor`, `subject`, `address`, all texts.

Send it through `botsite.telemetry.audit.report_audit`. The receiver stores it at once and may raise.
"""

web_started = Signal()
"""A web process is ready to serve. Sent once in each, by the WSGI application."""
