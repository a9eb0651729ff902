"""What gateways report, item by item: read by hand, for a batch may hold a thousand of them."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.utils.dateparse import parse_datetime

from sessions_app.providers.base import DeviceEvent
from sessions_app.providers.fields import as_time

LONGEST_SESSION_ID, LONGEST_STATUS, LONGEST_CHANNEL = 128, 40, 50
LONGEST_CODE = 2_331
"""Bytes that a QR code of the usual error correction (M) can hold."""
LONGEST_IMAGE = 100_000
IMAGE = re.compile(r"data:image/(png|jpeg|gif|webp);base64,[A-Za-z0-9+/]+={0,2}")
EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


class InvalidItem(Exception):
    """An item that is refused; `message` is a sentence for whoever sent it."""

    def __init__(self, message: str, *, code: str = "invalid") -> None:
        super().__init__(message)
        self.code, self.message = code, message


def qr_event(item: Any) -> DeviceEvent:
    """Return the event of `{"sessionId", "qr", "timestamp"?}`. Raises InvalidItem."""
    item = _object(item)
    session_id = _line(item, "sessionId", LONGEST_SESSION_ID)
    qr = item.get("qr")
    if not isinstance(qr, str) or not qr.isprintable() or not qr:
        raise InvalidItem("qr has to be a text of printable characters.")
    if qr.startswith("data:"):
        if len(qr) > LONGEST_IMAGE or not IMAGE.fullmatch(qr):
            raise InvalidItem("qr is no image that can be shown: PNG, JPEG, GIF or WebP in base64.")
    elif len(qr.encode()) > LONGEST_CODE:
        raise InvalidItem(f"qr has more than the {LONGEST_CODE} bytes that a QR code can hold.")
    return DeviceEvent(session_id, qr=qr, at=_timestamp(item), is_urgent=_is_urgent(item))


def status_event(item: Any) -> DeviceEvent:
    """Return the event of `{"sessionId", "status", "priority"?, "timestamp"?}`. Raises InvalidItem."""
    item = _object(item)
    session_id = _line(item, "sessionId", LONGEST_SESSION_ID)
    status = _line(item, "status", LONGEST_STATUS)
    return DeviceEvent(session_id, status=status, at=_timestamp(item), is_urgent=_is_urgent(item))


def channel_slug(item: Any) -> str | None:
    """Return the channel that an item or a body names, None when it names none. Raises InvalidItem."""
    if not isinstance(item, dict) or item.get("channel") is None:
        return None
    return _line(item, "channel", LONGEST_CHANNEL)


def _object(item: Any) -> Mapping[str, Any]:
    if not isinstance(item, dict):
        raise InvalidItem("An item has to be an object.")
    return item


def _line(item: Mapping[str, Any], name: str, longest: int) -> str:
    value = item.get(name)
    if not isinstance(value, str) or not value.strip() or not value.isprintable() or len(value) > longest:
        raise InvalidItem(f"{name} has to be a text of 1 to {longest} printable characters.")
    return value.strip()


def _is_urgent(item: Mapping[str, Any]) -> bool:
    priority = item.get("priority")
    if priority not in ("high", "normal", None):
        raise InvalidItem("priority has to be high or normal.")
    return bool(priority == "high")


def _timestamp(item: Mapping[str, Any]) -> datetime | None:
    """Read ISO 8601 (without an offset: UTC), or a number of seconds or milliseconds of the epoch."""
    value = item.get("timestamp")
    if value is None:
        return None
    at = _parsed(value)
    if at is None or not EARLIEST <= at < LATEST:
        raise InvalidItem("timestamp has to be ISO 8601, or seconds since 1970.")
    return at


def _parsed(value: Any) -> datetime | None:
    if not isinstance(value, str) or value.isdecimal():
        return as_time(value)
    try:
        at = parse_datetime(value)
        return at.replace(tzinfo=UTC) if at and at.tzinfo is None else at and at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
