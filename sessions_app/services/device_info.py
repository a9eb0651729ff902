"""Whose a session is and since when it is known: what does not change while the session lives."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from botsite import caching
from sessions_app.models import Device


@dataclass(frozen=True, slots=True)
class DeviceInfo:
    """`owner` is the caller's own id, '' of a session that its gateway began by itself."""

    owner: str
    created_at: datetime


def device_info(channel_slug: str, session_id: str) -> DeviceInfo | None:
    """Return what is known of a session, for five minutes out of the cache; None of one nobody has heard of.

    Raises django.db.Error.
    """

    def load() -> Any:
        rows = Device.objects.filter(channel__slug=channel_slug, session_id=session_id)
        row = rows.values_list("owner", "created_at").first()
        return row and [row[0], row[1].timestamp()]

    known = caching.get_or_load(caching.SESSION_INFO, load, channel=channel_slug, session=session_id)
    return known and DeviceInfo(known[0], datetime.fromtimestamp(known[1], tz=UTC))
