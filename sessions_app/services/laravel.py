"""Laravel's end of the forwards: one POST of a batch, and what its answer means."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from botsite.resilience.breaker import Breaker, Permit, Policy, get_breaker
from botsite.resilience.http import HttpClient, HttpFailure, HttpReply, retry_after_seconds

POST_SECONDS = 10.0
PATHS = {"qr": "/qr/batch", "status": "/whatsapp/status/batch"}
ERROR_LENGTH = 200
_LONG_WORD = re.compile(r"\S{60,}")  # the payload of a QR code has no space

_RETRYABLE = frozenset({408, 425})
_THROTTLED = frozenset({429, 503})
_MISCONFIGURED = frozenset({401, 403, 404, 405, 407, 415, 419})  # 419: Laravel took us for a browser

http_client = HttpClient()


class Verdict(TextChoices):
    """What came of a batch. Only what was refused is the fault of its content."""

    ACCEPTED = "accepted", _("accepted")
    REFUSED = "refused", _("refused")
    THROTTLED = "throttled", _("throttled")
    UNAVAILABLE = "unavailable", _("not reached")
    CONFIGURATION = "configuration", _("wrong settings")


@dataclass(frozen=True, slots=True)
class Answer:
    """What Laravel said: `rejected` are the indexes of single items that it did not take, with the reasons.

    `wait_seconds` is how long it asked to be left alone, None when it did not say.
    """

    verdict: Verdict
    error: str = ""
    wait_seconds: float | None = None
    rejected: Mapping[int, str] = field(default_factory=dict)


def error_code(error: str) -> str:
    """Return an error without Laravel's own words, which may quote what it was sent: for logs."""
    return error.partition(":")[0]


def laravel_breaker() -> Breaker:
    """Return Laravel's circuit; tried again sooner than others, for a try is one request."""
    return get_breaker("laravel", Policy(recovery_seconds=5.0, longest_recovery_seconds=60.0))


def batch_post(kind: str, batch_id: str, items: Sequence[Mapping[str, Any]], permit: Permit) -> Answer:
    """Send one batch and report to the circuit that granted `permit`. It takes POST_SECONDS at most.

    Every 2xx means that Laravel has the batch, whatever stands in the body.
    """
    headers = {"Idempotency-Key": batch_id, "Accept": "application/json"}
    if settings.LARAVEL_API_TOKEN:
        headers["Authorization"] = f"Bearer {settings.LARAVEL_API_TOKEN}"
    try:
        reply = http_client.request(
            "POST",
            settings.LARAVEL_API_URL + PATHS[kind],
            headers=headers,
            json={"batchId": batch_id, "items": items},
            total_seconds=POST_SECONDS,
        )
    except HttpFailure as error:
        permit.failed()
        return Answer(Verdict.UNAVAILABLE, f"{type(error).__name__}: {error}"[:ERROR_LENGTH])
    answer = _answer(reply, len(items))
    _report(permit, reply.status)
    return answer


def _report(permit: Permit, status: int) -> None:
    if status >= 500:
        permit.failed()
    elif status < 300:
        permit.succeeded()
    else:
        permit.ignored()


def _answer(reply: HttpReply, size: int) -> Answer:
    status = reply.status
    if status < 300:
        return Answer(Verdict.ACCEPTED, rejected=_rejected(reply, size))
    error = f"HTTP {status}{_message(reply)}"[:ERROR_LENGTH]
    if status in _THROTTLED:
        wait = retry_after_seconds(reply.headers.get("retry-after"))
        if status == 429 or wait is not None:
            return Answer(Verdict.THROTTLED, error, wait)
    if status >= 500 or status in _RETRYABLE:
        return Answer(Verdict.UNAVAILABLE, error)
    if status < 400 or status in _MISCONFIGURED:  # no redirect is followed: it would lose the body
        return Answer(Verdict.CONFIGURATION, error)
    return Answer(Verdict.REFUSED, error)


def _rejected(reply: HttpReply, size: int) -> dict[int, str]:
    """Read `{"rejected": [{"index", …}]}`; what is not of this form names no item."""
    entries = _body(reply).get("rejected")
    found = {}
    for entry in entries if isinstance(entries, list) else ():
        index = entry.get("index") if isinstance(entry, dict) else None
        if isinstance(index, int) and not isinstance(index, bool) and 0 <= index < size:
            said = [entry[name] for name in ("code", "message") if isinstance(entry.get(name), str)]
            found[index] = _printable(": ".join(["rejected", *said]))[:ERROR_LENGTH]
    return found


def _message(reply: HttpReply) -> str:
    message = _body(reply).get("message")
    return f": {_printable(message)}" if isinstance(message, str) and message else ""


def _body(reply: HttpReply) -> dict[str, Any]:
    try:
        body = reply.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _printable(text: str) -> str:
    """What PostgreSQL can store and an admin page show on one line, without a QR code that may be quoted."""
    line = "".join(letter if letter.isprintable() else " " for letter in text)
    return _LONG_WORD.sub("…", line)
