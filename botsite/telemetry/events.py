"""Signals by which low layers tell of what the monitoring stores. Receivers must be quick and not raise."""

from django.dispatch import Signal

circuit_changed = Signal()
"""A circuit breaker opened or closed by itself: `name`, and the states `was` and `now`."""
