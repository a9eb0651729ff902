"""What the services announce to whoever is interested."""

from django.dispatch import Signal

forwards_due = Signal()
"""Sent after the commit that raised forwards to Laravel, with `kind` (ForwardKind) and `priority`
(ForwardPriority); once for each pair however many rows there are. Receivers are quick and never raise."""
