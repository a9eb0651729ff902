"""Customers' shopping sessions: open ones, those that are over, and how long one lasts."""

from dataclasses import dataclass

from django.utils import timezone

from conversations.shop.models import CustomerSession
from monitoring.services.frame import Frame


@dataclass(frozen=True, slots=True)
class ShopSessions:
    """`active` now; in the window `expired`, and the mean from begin to last activity. None: not known."""

    active: int
    expired: float | None
    mean_seconds: float | None


def shop_sessions(frame: Frame) -> ShopSessions:
    """Return the sessions of the frame's window, in one query."""
    return ShopSessions(
        active=active_sessions(),
        expired=frame.total("shop_sessions_expired_total"),
        mean_seconds=frame.mean("shop_session_seconds"),
    )


def active_sessions() -> int:
    """Count the sessions that are open."""
    return CustomerSession.objects.filter(closed_at=None, expires_at__gt=timezone.now()).count()
