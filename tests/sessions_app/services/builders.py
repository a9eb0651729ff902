"""What the tests of sessions start from."""

from datetime import UTC, datetime, timedelta

from sessions_app.models import Channel, Device
from sessions_app.providers.base import DeviceEvent
from sessions_app.services.devices import Applied, events_apply
from tests.conversations.builders import make_channel

START = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)


def gateway(slug: str = "baileys") -> Channel:
    """A channel of one's own gateway, without an address."""
    return make_channel(slug, kind="gateway", phone_number_id="")


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def status(
    word: str, session: str = "s1", *, seconds: float | None = None, urgent: bool = False
) -> DeviceEvent:
    when = None if seconds is None else at(seconds)
    return DeviceEvent(session, status=word, at=when, is_urgent=urgent)


def code(qr: str, session: str = "s1", *, seconds: float | None = None) -> DeviceEvent:
    return DeviceEvent(session, qr=qr, at=None if seconds is None else at(seconds))


def apply(channel: Channel, *events: DeviceEvent) -> tuple[int, int]:
    """Apply events in one batch; returns how many were accepted, and how many duplicates."""
    applied: Applied = events_apply(channel, events)
    return applied.accepted, applied.duplicates


def device(session: str = "s1") -> Device:
    return Device.objects.select_related("qr_code", "channel").get(session_id=session)
