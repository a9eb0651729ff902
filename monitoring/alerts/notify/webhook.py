"""Alerts as JSON to n8n or anything else. docs/monitoring.md describes the document."""

import hashlib
import hmac
import json
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.utils import timezone

from botsite.resilience.http import HttpClient, HttpFailure
from monitoring.alerts.notify.base import SECONDS, Batch, NotTold
from monitoring.alerts.notify.wording import figures, is_over, link
from monitoring.models import NoticeKind, Notification


@lru_cache(maxsize=1)
def http_client() -> HttpClient:
    """Return the process's client for webhooks."""
    return HttpClient(body_limit=64 * 1024, max_connections=5)


def tell(batch: Batch) -> None:
    """Send the batch; anything but 2xx is a failure. Raises NotTold."""
    document = payload(batch)
    headers = {"Idempotency-Key": str(batch.id), "User-Agent": "botsite"}
    if batch.target.secret:
        headers["X-Botsite-Signature"] = signature(batch.target.secret, json.dumps(document).encode())
    try:
        # Typed on a page, so never the operator's own network, unless it was allowed.
        reply = http_client().request(
            "POST", batch.target.address, headers=headers, json=document, total_seconds=SECONDS, guarded=True
        )
    except HttpFailure as error:
        raise NotTold(str(error)) from error
    if not 200 <= reply.status < 300:
        raise NotTold(f"http_{reply.status}")


def signature(secret: str, body: bytes) -> str:
    """Return `sha256=` and the HMAC of the body in hexadecimal digits, as Meta signs its webhooks."""
    return f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"


def payload(batch: Batch) -> dict[str, Any]:
    """Return the document, with texts in the active language."""
    return {
        "id": str(batch.id),
        "sentAt": _moment(timezone.now()),
        "alerts": [_alert(notice) for notice in batch.notices],
    }


def _alert(notice: Notification) -> dict[str, Any]:
    alert, definition = notice.alert, notice.alert.rule.definition
    return {
        "id": alert.pk,
        "event": NoticeKind.RESOLVED.value if is_over(alert) else notice.kind,
        "rule": alert.rule.slug,
        "scope": alert.scope,
        "severity": alert.severity,
        "title": alert.title,
        "meaning": str(definition.meaning) if definition else "",
        "action": str(definition.action) if definition else "",
        "value": alert.value,
        "threshold": alert.threshold,
        "unit": definition.unit.value if definition else None,
        "figures": figures(alert),
        "occurrence": notice.occurrence,
        "firedAt": _moment(alert.fired_at),
        "resolvedAt": _moment(alert.resolved_at),
        "acknowledgedAt": _moment(alert.acknowledged_at),
        "url": link(alert) or None,
    }


def _moment(at: datetime | None) -> str | None:
    return at.isoformat().replace("+00:00", "Z") if at else None
