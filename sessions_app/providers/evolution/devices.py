"""What Evolution's words about an instance mean for a session."""

from collections.abc import Mapping

from sessions_app.providers.base import DeviceEvent
from sessions_app.providers.fields import JsonObject, as_identifier, as_object, as_text

QR_LIMIT = "qr_limit"
"""The status of a session whose QR codes nobody scanned: Evolution makes no more until it is asked."""
_QR_CHARACTERS = 100_000
_STATUSES: Mapping[str, str] = {
    "open": "active",
    "connecting": "pending",
    "close": "inactive",
    "closed": "inactive",
    "refused": "inactive",
}
_RESTARTING = "515"
"""Baileys' code of a connection that closes in order to come back, as it does right after a scan."""


def state_event(session_id: str, state: str, *, reason: str = "") -> DeviceEvent:
    """Return the event of a connection's state; a word that is not known is the status itself.

    It has no time: Evolution prints its local time as if it were UTC.
    """
    status = _STATUSES.get(state, state)[:40]
    if status == "inactive" and reason == _RESTARTING:
        status = "pending"
    return DeviceEvent(session_id, status=status, is_urgent=status == "inactive")


def code_of(answer: JsonObject) -> str:
    """Return the QR code of {code, base64}: its text, or else its picture (a data URI)."""
    code = as_text(answer.get("code")) or as_text(answer.get("base64"))
    return code if len(code) <= _QR_CHARACTERS and code.isprintable() else ""


def connection_event(instance: str, data: JsonObject) -> DeviceEvent | None:
    """Read `connection.update`: {state, statusReason}."""
    state = as_identifier(data.get("state"))
    reason = as_identifier(data.get("statusReason"))
    return state_event(instance, state, reason=reason) if state else None


def code_event(instance: str, data: JsonObject) -> DeviceEvent | None:
    """Read `qrcode.updated`: {qrcode: {code, base64}}, or {message, statusCode} at the limit.

    A code says nothing of the status: a late one must not make a session pending that is linked by now.
    """
    code = code_of(as_object(data.get("qrcode")))
    if code:
        return DeviceEvent(instance, qr=code)
    refused = data.get("statusCode") or as_object(data.get("qrcode")).get("statusCode")
    return DeviceEvent(instance, status=QR_LIMIT) if as_text(refused) else None
