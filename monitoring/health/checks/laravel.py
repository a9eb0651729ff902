"""Laravel, by what became of the batches it was sent: no call is made up."""

from django.utils import timezone
from django.utils.translation import gettext_noop as _

from monitoring.health.checks.circuits import of_circuit
from monitoring.health.findings import Finding
from monitoring.models import Status
from sessions_app.models import ForwardBatch
from sessions_app.services.forward_pause import paused
from sessions_app.services.laravel import Verdict, laravel_breaker

_VERDICTS = {
    Verdict.REFUSED: Finding(Status.DEGRADED, _("it refused the last batch")),
    Verdict.THROTTLED: Finding(Status.DEGRADED, _("it asked us to send less")),
    Verdict.UNAVAILABLE: Finding(Status.DEGRADED, _("it could not be reached for the last batch")),
    Verdict.CONFIGURATION: Finding(Status.DOWN, _("its address or token is wrong")),
}


def look() -> Finding:
    """Whether Laravel takes what it is sent. Raises django.db.Error."""
    if found := of_circuit(laravel_breaker()):
        return found
    last = ForwardBatch.objects.exclude(result="").order_by("-started_at").first()
    if last is None:
        return Finding(Status.UNKNOWN, _("nothing has been sent to it yet"))
    if last.result in _VERDICTS:
        return _VERDICTS[Verdict(last.result)]
    if pause := paused():
        seconds = round(pause.seconds)
        return Finding(Status.DEGRADED, _("nothing is sent for %(seconds)s s more"), {"seconds": seconds})
    seconds = round((timezone.now() - (last.finished_at or last.started_at)).total_seconds())
    return Finding(Status.UP, _("took a batch %(seconds)s s ago"), {"seconds": max(seconds, 0)})
