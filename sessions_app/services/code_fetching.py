"""Fetching QR codes from gateways that keep them until they are asked.

WAHA sends no code, it says that there is one; and a webhook of a gateway that sends them may be lost.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone
from kombu.exceptions import OperationalError

from botsite.celery import app
from botsite.telemetry.logging import get_logger
from sessions_app.models import Channel, Device, OrderState
from sessions_app.models.device import PENDING
from sessions_app.providers.base import DeviceEvent
from sessions_app.providers.errors import ProviderError
from sessions_app.providers.gateway_registry import get_gateway
from sessions_app.services.devices import events_apply

FETCH = "sessions.fetch_code"
HINT_LIFETIME_SECONDS = 20
INTERVAL = timedelta(seconds=5)
"""How often a gateway is asked at the most for who watches a session, however many they are."""
FRESH = timedelta(seconds=15)
"""WhatsApp replaces a code after 20 seconds, the first after 60."""

log = get_logger("devices")


def codes_announced(channel: Channel, events: Sequence[DeviceEvent]) -> None:
    """Have a worker fetch the codes that wait by these events, once the caller's transaction is committed."""
    waiting = {event.session_id for event in events if event.code_waits}
    if not waiting or not _gives_codes(channel):
        return
    devices = Device.objects.filter(channel=channel, session_id__in=waiting).order_by("pk")
    for pk in list(devices.values_list("pk", flat=True)):
        Device.objects.filter(pk=pk).update(code_asked_at=timezone.now())
        transaction.on_commit(partial(_hint, pk))


def code_wanted(device: Device) -> None:
    """Somebody watches the session: have a worker fetch the code it waits for, unless there is a new one."""
    code = getattr(device, "qr_code", None)
    now = timezone.now()
    is_fresh = code is not None and code.issued_at > now - FRESH
    is_busy = device.order_state in (OrderState.PENDING, OrderState.RUNNING)
    if device.status != PENDING or is_fresh or is_busy or not _gives_codes(device.channel):
        return
    unasked = Q(code_asked_at=None) | Q(code_asked_at__lt=now - INTERVAL)
    if Device.objects.filter(unasked, pk=device.pk).update(code_asked_at=now):
        transaction.on_commit(lambda: _hint(device.pk))


def code_fetch(device_id: int) -> bool:
    """Ask the gateway for a session's code, several seconds at the worst, and take in what it says.

    False when it said nothing. Hold no transaction: the call is made without a connection to the database.
    """
    device = Device.objects.select_related("channel").filter(pk=device_id).first()
    gateway = get_gateway(device.channel.kind) if device else None
    if device is None or gateway is None:
        return False
    account, asked_at = device.channel.account(), timezone.now()
    connection.close()
    try:
        event = gateway.fetch_qr(account, device.session_id)
    except ProviderError as error:
        log.warning("QR_CODE_NOT_FETCHED", error=error.code, fallback="who watches has it asked again")
        return False
    if event is None:
        return False
    # Of the time of the question: what was reported meanwhile, as that the phone is linked, is newer.
    events_apply(device.channel, [replace(event, session_id=device.session_id, at=event.at or asked_at)])
    return True


def _gives_codes(channel: Channel) -> bool:
    gateway = get_gateway(channel.kind)
    return gateway is not None and gateway.gives_codes


def _hint(device_id: int) -> None:
    try:
        app.send_task(FETCH, args=(device_id,), expires=HINT_LIFETIME_SECONDS, retry=False)
    except (OperationalError, OSError) as error:
        log.warning("WAKEUP_FAILED", operation=FETCH, error=type(error).__name__, fallback="the next look")
