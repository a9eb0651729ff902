"""What WAHA's words about a session mean."""

from collections.abc import Mapping
from datetime import datetime

from sessions_app.providers.base import DeviceEvent, HealthState
from sessions_app.providers.fields import JsonObject, as_identifier, as_text

_STATUSES: Mapping[str, str] = {
    "WORKING": "active",
    "STARTING": "pending",
    "SCAN_QR_CODE": "pending",
    "STOPPED": "inactive",
    "FAILED": "inactive",
}
_HEALTH: Mapping[str, HealthState] = {
    "WORKING": HealthState.UP,
    "STARTING": HealthState.DEGRADED,
    **dict.fromkeys(("SCAN_QR_CODE", "PASSKEY_REQUIRED", "STOPPED", "FAILED"), HealthState.DOWN),
}
_HAS_CODE = "SCAN_QR_CODE"
_QR_CHARACTERS = 100_000


def status_event(session: str, word: str, at: datetime | None) -> DeviceEvent:
    """Return the event of a session's status; a word that is not known is the status itself, in lower case.

    PASSKEY_REQUIRED is such a one: the session waits for a person, but not for a scan. WAHA says SCAN_QR_CODE
    with every new code, and never sends the code along.
    """
    status = _STATUSES.get(word) or word.lower()[:40]
    return DeviceEvent(
        session, status=status, at=at, is_urgent=status == "inactive", code_waits=word == _HAS_CODE
    )


def health_of(word: str) -> HealthState:
    return _HEALTH.get(word, HealthState.UNKNOWN)


def code_of(answer: JsonObject) -> str:
    """Return the code of {value} (its text) or {mimetype, data} (its picture, as a data URI)."""
    if value := as_text(answer.get("value")):
        code = value
    else:
        kind, data = as_identifier(answer.get("mimetype")) or "image/png", as_text(answer.get("data"))
        code = f"data:{kind};base64,{data}" if data else ""
    return code if len(code) <= _QR_CHARACTERS and code.isprintable() else ""
