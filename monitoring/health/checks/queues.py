"""How long the oldest message or forward has been waiting for its turn. Each look raises django.db.Error."""

from datetime import timedelta

from django.conf import settings
from django.db.models import F, Min, Q
from django.db.models.functions import Coalesce, Greatest, Now
from django.utils.translation import gettext_noop as _

from botsite.resilience import leases
from conversations.models import WhatsAppUser
from conversations.services.outbox import due_messages
from monitoring.health.findings import Finding
from monitoring.models import Status
from sessions_app.models import Forward, ForwardState


def look_at_inbox() -> Finding:
    """Customers whose answer is due and whom nobody is answering."""
    due = WhatsAppUser.objects.filter(leases.free(), turn_due_at__lte=Now(), paused_at=None)
    return _finding(due.aggregate(age=Now() - Min("turn_due_at"))["age"])


def look_at_outbox() -> Finding:
    """Messages that could be sent now."""
    created = F("created_at")
    since = Greatest(created, Coalesce("available_at", created), Coalesce("user__next_send_at", created))
    oldest = due_messages().order_by("pk").annotate(age=Now() - since).values_list("age", flat=True)
    return _finding(oldest.first())


def look_at_forwards() -> Finding:
    """What Laravel should have been told by now."""
    lost = Q(state=ForwardState.SENDING, lease_until__lt=Now())
    due = Forward.objects.filter(Q(state=ForwardState.PENDING) | lost, due_at__lte=Now())
    return _finding(due.aggregate(age=Now() - Min("due_at"))["age"])


def _finding(age: timedelta | None) -> Finding:
    """Judge the age of the oldest; None: nothing waits."""
    seconds = round(age.total_seconds()) if age else 0
    figures = {"oldest_seconds": float(seconds)}
    if seconds < settings.QUEUE_WARN_SECONDS:
        return Finding(Status.UP, figures=figures)
    status = Status.DOWN if seconds >= settings.QUEUE_CRITICAL_SECONDS else Status.DEGRADED
    return Finding(status, _("the oldest has waited for %(seconds)s s"), {"seconds": seconds}, figures)
