"""Customers' shopping sessions: the open ones, and what became of those that are over."""

from dataclasses import dataclass

from django.db.models import QuerySet
from django.utils import timezone

from conversations.shop.models import CustomerSession
from monitoring.services.frame import Frame

EXPIRED, SECONDS, ORDERS = "shop_sessions_expired_total", "shop_session_seconds", "shop_orders_total"
INSTRUMENTS = frozenset({EXPIRED, SECONDS, ORDERS})
"""What a Frame has to hold for `shop_sessions`."""


@dataclass(frozen=True, slots=True)
class ShopSessions:
    """Sessions that were cleaned away, with or without an order, and orders placed. None: not known.

    `mean_seconds` is from the begin of a session that is over to its last activity; None also without any.
    """

    expired: float | None
    orders: float | None
    mean_seconds: float | None

    @property
    def orders_percent(self) -> float | None:
        """Return the orders per session that is over; None without any."""
        return None if self.orders is None or not self.expired else 100 * self.orders / self.expired


def shop_sessions(frame: Frame) -> ShopSessions:
    """Return the sessions and orders of the frame's window."""
    return ShopSessions(frame.total(EXPIRED), frame.total(ORDERS, result="placed"), frame.mean(SECONDS))


def open_sessions() -> QuerySet[CustomerSession]:
    """Return the sessions in which a customer may still go on."""
    return CustomerSession.objects.filter(closed_at=None, expires_at__gt=timezone.now())
