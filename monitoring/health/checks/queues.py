"""How long the oldest message or forward has been waiting for its turn. Each look raises django.db.Error."""

from django.conf import settings
from django.utils.translation import gettext_noop as _

from monitoring.health.findings import Finding
from monitoring.models import Status
from monitoring.services import queue_ages


def look_at_inbox() -> Finding:
    """Customers whose answer is due and whom nobody is answering."""
    return _finding(queue_ages.turn_due_seconds())


def look_at_outbox() -> Finding:
    """Messages that could be sent now."""
    return _finding(queue_ages.send_due_seconds())


def look_at_forwards() -> Finding:
    """What Laravel should have been told by now."""
    return _finding(queue_ages.forward_due_seconds())


def _finding(age: float) -> Finding:
    seconds = round(age)
    figures = {"oldest_seconds": float(seconds)}
    if seconds < settings.QUEUE_WARN_SECONDS:
        return Finding(Status.UP, figures=figures)
    status = Status.DOWN if seconds >= settings.QUEUE_CRITICAL_SECONDS else Status.DEGRADED
    return Finding(status, _("the oldest has waited for %(seconds)s s"), {"seconds": seconds}, figures)
