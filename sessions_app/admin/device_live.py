"""What a session's page shows of it from moment to moment: its state, its QR code, its last order."""

from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

import segno
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import get_language

from sessions_app.models import Device, QrCode
from sessions_app.models.device import ACTIVE, INACTIVE, PENDING, status_word

CODE_PERMISSION = "sessions_app.view_qrcode"
STATUS_BADGES = {ACTIVE: "up", INACTIVE: "down", PENDING: "pending"}
_PICTURES = ("data:image/png;", "data:image/jpeg;", "data:image/gif;", "data:image/webp;")


@dataclass(frozen=True, slots=True)
class Live:
    """A part of the page; the same `etag` stands for the same part, but for the seconds that count down."""

    html: str
    etag: str


def view_of(request: HttpRequest, device: Device) -> Live:
    """Draw the part for whoever asks: the QR code opens the session, and is for who has the permission."""
    code = getattr(device, "qr_code", None)
    seconds_left = _seconds_left(device, code)
    may_scan = request.user.has_perm(CODE_PERMISSION)
    shown = code if code and seconds_left and device.status != ACTIVE and may_scan else None
    context = {
        "device": device,
        "word": status_word(device.status),
        "badge": STATUS_BADGES.get(device.status, "other"),
        "is_active": device.status == ACTIVE,
        "is_inactive": device.status == INACTIVE,
        "picture": shown and _picture(shown.payload),
        "drawing": shown and _drawing(shown.payload),
        "seconds_left": seconds_left,
        "has_code": code is not None,
        "may_scan": may_scan,
    }
    seen = (device.version, device.status, bool(seconds_left), may_scan, get_language())
    order = (device.order, device.order_state, device.order_error)
    etag = sha256(repr((device.pk, *seen, *order)).encode()).hexdigest()
    return Live(render_to_string("admin/sessions_app/device/live.html", context), f'"{etag}"')


def _seconds_left(device: Device, code: QrCode | None) -> int:
    if code is None or not code.payload or code.issued_at <= _ended_at(device):
        return 0
    return max(0, int((code.expires_at - timezone.now()).total_seconds()))


def _ended_at(device: Device) -> datetime:
    """Return since when the session is not linked: codes of before link nothing any more."""
    ended = device.status_at if device.status == INACTIVE else None
    return ended or datetime.min.replace(tzinfo=UTC)


def _picture(payload: str) -> str:
    """Return the address of a code that came as a picture."""
    return payload if payload.startswith(_PICTURES) else ""


def _drawing(payload: str) -> str:
    """Return a code that came as text as SVG; '' of what no QR code can hold."""
    if payload.startswith("data:"):
        return ""
    try:
        code = segno.make_qr(payload, error="m", boost_error=False)
    except (segno.DataOverflowError, ValueError):
        return ""
    return code.svg_inline(border=4, omitsize=True, dark="#000", light="#fff", svgclass="qr__code")
