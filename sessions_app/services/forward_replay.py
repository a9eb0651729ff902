"""The dead letter of forwards: what Laravel would not take, sent once more."""

from collections.abc import Iterable

from django.db.models.functions import Now

from sessions_app.models import Forward, ForwardState
from sessions_app.services.forward_pause import pause_end


def forwards_replay(pks: Iterable[int]) -> int:
    """Let those of the rows that are parked wait for the next batch, with what is known of them by then.

    Returns how many there were. They travel under a new id.
    """
    parked = Forward.objects.filter(pk__in=list(pks), state=ForwardState.PARKED)
    replayed = parked.update(state=ForwardState.PENDING, attempts=0, error="", due_at=Now(), updated_at=Now())
    if replayed:
        pause_end()
    return replayed
