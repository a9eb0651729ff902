"""What a circuit breaker knows of the other side."""

from django.utils.translation import gettext_noop as _

from botsite.resilience.breaker import Breaker, State
from monitoring.health.findings import Finding
from monitoring.models import Status


def of_circuit(breaker: Breaker) -> Finding | None:
    """Return what an open or half-open circuit means; None: it is closed, and says nothing."""
    state = breaker.state()
    if state is State.OPEN:
        return Finding(Status.DOWN, _("it failed again and again: it is left alone for a while"))
    if state is State.HALF_OPEN:
        return Finding(Status.DEGRADED, _("it failed again and again: it is tried again now"))
    return None
