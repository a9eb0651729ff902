"""The customer's session: found in one look-up, opened when missing, kept open by activity."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db import transaction
from django.db.models import Count, F, OuterRef, QuerySet, Subquery, TextField, Value
from django.db.models.functions import Cast, Coalesce, JSONObject, NullIf
from django.utils import timezone

from botsite.caching import SESSION, get_or_load
from botsite.telemetry.logging import get_logger
from botsite.telemetry.metrics import count, observe
from conversations.shop.models import CartItem, CustomerSession, Order
from conversations.shop.services import freshness
from conversations.shop.values import Customer, Session

LIFETIME = timedelta(hours=2)
"""What a session lives at the least after the customer's last activity."""

RENEWAL = timedelta(minutes=5)
"""What it is given on top, so that only one activity in so long needs a write."""

CLEANUP_BATCH = 1000
NO_TIME = timedelta()

log = get_logger("shop")


def get_session_optimized(customer: Customer) -> Session:
    """Return the customer's session, from the cache or in one query, or a new one. Asking is activity."""
    session = _cached(customer)
    if session.expires_at >= timezone.now() + LIFETIME:
        return session
    is_alive = _renew(session.session_id)
    freshness.session_over(customer)
    return session if is_alive else _cached(customer)


def session_locked(customer: Customer) -> CustomerSession:
    """Return the open session, a new one when there is none, renewed and locked to the transaction's end."""
    session = _open_sessions(customer).select_for_update(no_key=True).first() or _opened(customer)
    session.expires_at = _expiry()
    session.save(update_fields=["expires_at"])
    return session


def session_remember(customer: Customer, **context: Any) -> None:
    """Keep JSON values in the session's context; None removes a value."""
    with transaction.atomic():
        session = session_locked(customer)
        merged = session.context | context
        session.context = {key: value for key, value in merged.items() if value is not None}
        session.save(update_fields=["context"])
        freshness.session_changed(customer)


def cleanup_expired_sessions() -> int:
    """Delete the sessions that are over, with their carts; returns how many. Orders stay."""
    total = 0
    while True:
        lasted = _clean_batch()
        total += len(lasted)
        for time in lasted:
            observe("shop_session_seconds", time.total_seconds())
        if len(lasted) < CLEANUP_BATCH:
            break
    count("shop_sessions_expired_total", total)
    log.info("SHOP_SESSIONS_CLEANED", sessions=total)
    return total


@transaction.atomic
def _clean_batch() -> list[timedelta]:
    """Return how long each deleted session lasted, to its last activity."""
    # Locked, so that none is renewed between the look and the deletion; those in use are left for later.
    over = CustomerSession.objects.filter(expires_at__lte=timezone.now()).select_for_update(skip_locked=True)
    expired = list(over.values_list("pk", "started_at", "expires_at")[:CLEANUP_BATCH])
    CustomerSession.objects.filter(pk__in=[pk for pk, *_ in expired]).delete()
    return [
        max(expires_at - LIFETIME - RENEWAL - started_at, NO_TIME) for _, started_at, expires_at in expired
    ]


def _expiry() -> datetime:
    return timezone.now() + LIFETIME + RENEWAL


def _open_sessions(customer: Customer) -> QuerySet[CustomerSession]:
    return CustomerSession.objects.filter(
        user_id=customer.user_id, closed_at=None, expires_at__gt=timezone.now()
    )


def _opened(customer: Customer) -> CustomerSession:
    """Open a session, after closing one that has expired; somebody else may have opened it meanwhile."""
    with transaction.atomic():
        mine = CustomerSession.objects.filter(user_id=customer.user_id, closed_at=None)
        mine.filter(expires_at__lte=timezone.now()).update(closed_at=timezone.now())
        session, _ = mine.select_for_update(no_key=True).get_or_create(
            user_id=customer.user_id, closed_at=None, defaults={"expires_at": _expiry()}
        )
        return session


def _renew(session_id: int) -> bool:
    alive = CustomerSession.objects.filter(pk=session_id, closed_at=None, expires_at__gt=timezone.now())
    return bool(alive.update(expires_at=_expiry()))


def _cached(customer: Customer) -> Session:
    session: Session = get_or_load(
        SESSION,
        lambda: _load(customer),
        decode=Session.from_json,
        channel=customer.shop.slug,
        user=customer.user_id,
    )
    return session


def _load(customer: Customer) -> dict[str, Any]:
    """Return the session as JSON, in one query when there is one."""
    row = _summary(customer).first()
    if row is None:
        _opened(customer)
        row = _summary(customer).get()
    return {**row, "expires_at": row["expires_at"].isoformat()}


def _summary(customer: Customer) -> QuerySet[CustomerSession, Any]:
    lines = CartItem.objects.filter(session=OuterRef("pk")).order_by("pk")
    orders = Order.objects.filter(user=OuterRef("user")).order_by().values("user")
    return _open_sessions(customer).values(
        "state",
        "context",
        "expires_at",
        session_id=F("pk"),
        cart=ArraySubquery(lines.values(data=_LINE)),
        customer_name=Coalesce(NullIf("user__name", Value("")), "user__user_name"),
        total_orders=Coalesce(Subquery(orders.annotate(count=Count("pk")).values("count")), 0),
    )


_LINE = JSONObject(
    sku="product__sku",
    name="product__name",
    quantity="quantity",
    unit_price=Cast("product__price", TextField()),
    currency="product__currency",
)
