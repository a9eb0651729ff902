"""Forwarding to Laravel as staff see it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from botsite.resilience.breaker import State
from sessions_app.models import ForwardKind, ForwardState
from sessions_app.models.device import status_word
from sessions_app.services.forward_figures import (
    ForwardFigures,
    LastBatch,
    device_counts,
    forward_figures,
    recent_results,
)

SHOWN_STATES = (ForwardState.PENDING, ForwardState.SENDING, ForwardState.PARKED)


@dataclass(frozen=True, slots=True)
class KindView:
    """One kind: its label, the counts of the states that matter, and the last batch that was taken."""

    kind: ForwardKind
    label: str
    states: Sequence[tuple[ForwardState, int]]
    last: LastBatch | None


@dataclass(frozen=True, slots=True)
class ForwardingView:
    """`level` (up, held, down) and `verdict`: what matters most now."""

    level: str
    verdict: str
    batch_size: int
    kinds: Sequence[KindView]
    sessions: Sequence[tuple[str, int]]
    results: Sequence[tuple[Any, int]]


def forwarding_view() -> ForwardingView:
    figures = forward_figures()
    level, verdict = _verdict(figures)
    kinds = [
        KindView(
            kind,
            str(kind.label),
            [(state, figures.count(kind, state)) for state in SHOWN_STATES],
            figures.last.get(kind),
        )
        for kind in ForwardKind
    ]
    sessions = [(status_word(status), count) for status, count in device_counts()]
    return ForwardingView(level, verdict, settings.BATCH_SIZE, kinds, sessions, recent_results())


def _verdict(figures: ForwardFigures) -> tuple[str, str]:
    if not settings.LARAVEL_API_URL:
        return "held", _("Forwarding is off: LARAVEL_API_URL is not set.")
    if figures.pause:
        return "down", _("Nothing is sent for %(seconds)d s more: %(reason)s") % {
            "seconds": max(round(figures.pause.seconds), 1),
            "reason": figures.pause.reason,
        }
    if figures.circuit is not State.CLOSED:
        return "down", _("Laravel does not answer: it is tried again by and by, and nothing is lost.")
    if any(figures.count(kind, ForwardState.PARKED) for kind in ForwardKind):
        return "held", _("Laravel refused some items: see why, and send them again.")
    return "up", _("Laravel takes what it is sent.")
