"""What the tests of the forwarder share: a gateway's sessions, and the batches that tell Laravel of them."""

from datetime import timedelta

from django.db.models.functions import Now

from sessions_app.models import Forward, ForwardKind, ForwardState
from sessions_app.services import forward_claims, forward_sending
from sessions_app.services.laravel import laravel_breaker


def make_due(**which: object) -> None:
    """Let the waiting forwards be due, as if the interval had passed."""
    rows = Forward.objects.filter(state=ForwardState.PENDING, **which)
    rows.update(due_at=Now() - timedelta(seconds=1))


def send(kind: ForwardKind = ForwardKind.STATUS, *, flush: bool = False) -> bool | None:
    """Claim one batch and send it; None: there was none to send."""
    claim = forward_claims.forwards_claim(kind, flush=flush)
    return None if claim is None else forward_sending.claim_send(claim, laravel_breaker().admit())


def send_all(kind: ForwardKind = ForwardKind.STATUS) -> int:
    """Send batches until none is due or one fails; returns how many."""
    sent = 0
    while send(kind):
        sent += 1
    return sent


def forward(session: str = "s1", kind: ForwardKind = ForwardKind.STATUS) -> Forward:
    return Forward.objects.select_related("batch").get(device__session_id=session, kind=kind)


def states(kind: ForwardKind = ForwardKind.STATUS) -> dict[str, str]:
    """The state of each session's forward."""
    return dict(Forward.objects.filter(kind=kind).values_list("device__session_id", "state"))
