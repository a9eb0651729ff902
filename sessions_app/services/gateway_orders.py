"""Asking gateways to start, restart or log out sessions: the order stands in the session's row first.

A hint brings a worker to it at once; one that is lost costs a minute, for beat looks for what was left. An
order that died with its worker is given again: each of them may be carried out twice.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone
from kombu.exceptions import OperationalError

from botsite.celery import app
from botsite.telemetry.logging import get_logger
from sessions_app.models import Device, Order, OrderState
from sessions_app.providers.base import Account, DeviceEvent
from sessions_app.providers.errors import ConfigurationError, ProviderError
from sessions_app.providers.gateway_registry import get_gateway
from sessions_app.services.code_fetching import codes_announced
from sessions_app.services.devices import events_apply

CARRY_OUT = "sessions.carry_out_order"
HINT_LIFETIME_SECONDS = 60
OVERLOOKED = timedelta(seconds=30)
"""How long a hint has before beat looks after its order."""
LOST = timedelta(minutes=2)
"""Longer than a gateway may take: whoever carried the order out is gone."""
MOST_AT_ONCE = 100
ERROR_LENGTH = 200

log = get_logger("devices")


def order_give(device: Device, order: Order) -> None:
    """Note what the session's gateway is to do, in place of an earlier order, and wake a worker on commit."""
    device.order, device.order_state = order, OrderState.PENDING
    device.order_error, device.ordered_at = "", timezone.now()
    device.save(update_fields=["order", "order_state", "order_error", "ordered_at"])
    transaction.on_commit(lambda: _hint(device.pk))


def order_carry_out(device_id: int) -> bool:
    """Ask the gateway, several seconds at the worst; False when nothing (more) is to be asked.

    Hold no transaction: the call is made without a connection to the database.
    """
    claimed_at = _claim(device_id)
    if claimed_at is None:
        return False
    device = Device.objects.select_related("channel").get(pk=device_id)
    account = device.channel.account()
    connection.close()
    error = ""
    event = None
    try:
        event = _ask(device, account)
    except ProviderError as refused:
        log.warning("GATEWAY_ORDER_FAILED", operation=device.order, error=refused.code)
        error = f"{refused.code}: {refused.detail}"[:ERROR_LENGTH]
    _settle(device_id, claimed_at, error)
    if event is not None:
        # Of the time of the order: what was reported while the gateway answered is newer than its answer.
        event = replace(event, session_id=device.session_id, at=event.at or claimed_at)
        events_apply(device.channel, [event])
        codes_announced(device.channel, [event])
    return True


def orders_look_after() -> dict[str, int]:
    """Carry out what no hint has brought a worker to; returns how many were carried out."""
    now = timezone.now()
    overlooked = Q(order_state=OrderState.PENDING, ordered_at__lt=now - OVERLOOKED)
    lost = Q(order_state=OrderState.RUNNING, ordered_at__lt=now - LOST)
    Device.objects.filter(lost).update(order_state=OrderState.PENDING)
    due = Device.objects.filter(overlooked).order_by("ordered_at").values_list("pk", flat=True)
    return {"carriedOut": sum(order_carry_out(pk) for pk in list(due[:MOST_AT_ONCE]))}


def _claim(device_id: int) -> datetime | None:
    """Take the order; returns the time by which it is known to be ours, None when there is none to take."""
    now = timezone.now()
    waiting = Device.objects.filter(pk=device_id, order_state=OrderState.PENDING)
    return now if waiting.update(order_state=OrderState.RUNNING, ordered_at=now) else None


def _settle(device_id: int, claimed_at: datetime, error: str) -> None:
    ours = Device.objects.filter(pk=device_id, order_state=OrderState.RUNNING, ordered_at=claimed_at)
    ours.update(order_state=OrderState.FAILED if error else OrderState.DONE, order_error=error)


def _ask(device: Device, account: Account) -> DeviceEvent | None:
    gateway = get_gateway(device.channel.kind)
    if gateway is None:
        if device.order == Order.START:
            return None  # it is registered, and the gateway comes for it by itself
        raise ConfigurationError("not_possible", "this channel has no gateway that can be asked")
    if device.order == Order.START:
        return gateway.start_session(account, device.session_id, owner_id=device.owner)
    ask = gateway.restart_session if device.order == Order.RESTART else gateway.log_out_session
    return ask(account, device.session_id)


def _hint(device_id: int) -> None:
    try:
        app.send_task(CARRY_OUT, args=(device_id,), expires=HINT_LIFETIME_SECONDS, retry=False)
    except (OperationalError, OSError) as error:
        log.warning("WAKEUP_FAILED", operation=CARRY_OUT, error=type(error).__name__, fallback="beat")
