"""Whether a session is active, as far as anybody knows: in the process, in Redis, in the database, or asked.

An answer always says when it was true and who says so; where nobody knows, it says that and never guesses.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, cast

from django.db import Error as DatabaseError
from django.utils import timezone

from botsite import caching
from botsite.telemetry.logging import get_logger
from sessions_app.models import Device
from sessions_app.models.device import ACTIVE
from sessions_app.services.gateway_questions import GatewayAnswer, gateway_answer

UNKNOWN = "unknown"

log = get_logger("devices")


class Source(StrEnum):
    MEMORY = "memory"
    REDIS = "redis"
    DATABASE = "database"
    GATEWAY = "gateway"


_LEVELS = {"process": Source.MEMORY, "redis": Source.REDIS}


@dataclass(frozen=True, slots=True)
class DeviceState:
    """A session's status ("unknown" when nobody knows) as of a time, and who said so."""

    status: str
    as_of: datetime | None
    source: Source

    @property
    def is_active(self) -> bool | None:
        """None: nobody knows."""
        return None if self.status == UNKNOWN else self.status == ACTIVE

    def is_older_than(self, age: timedelta) -> bool:
        return self.as_of is None or self.as_of < timezone.now() - age


def is_active(channel_slug: str, session_id: str) -> bool | None:
    """Whether the session is active by its newest report; None when nobody knows. Never raises."""
    try:
        known = _known(channel_slug, session_id)
    except DatabaseError:
        return None
    return None if known is None else bool(known[0] == ACTIVE)


def device_state(channel_slug: str, session_id: str, *, max_age: timedelta | None = None) -> DeviceState:
    """Return what is known of a session. Never raises; nobody's knowledge is `unknown`.

    With `max_age` the gateway is asked, a few seconds at the worst, when what is known is older; hold no
    transaction then. What it does not answer leaves the older knowledge, with its age.
    """
    state = _state(channel_slug, session_id)
    if max_age is None or not state.is_older_than(max_age):
        return state
    answer = gateway_answer(channel_slug, session_id)
    return state if answer is None else _newer(state, answer)


def _newer(state: DeviceState, answer: GatewayAnswer) -> DeviceState:
    if state.as_of is not None and answer.at <= state.as_of:
        return state
    return DeviceState(answer.status, answer.at, Source.GATEWAY)


def _state(channel_slug: str, session_id: str) -> DeviceState:
    levels = [Source.DATABASE]
    try:
        known = _known(channel_slug, session_id, levels=levels)
    except DatabaseError as error:
        log.warning("DEVICE_STATE_UNKNOWN", slug=channel_slug, error=type(error).__name__, fallback=UNKNOWN)
        known = None
    if known is None:
        return DeviceState(UNKNOWN, None, levels[-1])
    status, as_of = known
    return DeviceState(status, datetime.fromtimestamp(as_of, tz=UTC), levels[-1])


def _known(
    channel_slug: str, session_id: str, *, levels: list[Source] | None = None
) -> tuple[str, float] | None:
    """Return the status and its time (seconds of the epoch); None for a session that nobody has heard of."""

    def load() -> Any:
        rows = Device.objects.filter(channel__slug=channel_slug, session_id=session_id)
        row = rows.values_list("status", "status_at", "created_at").first()
        return row and [row[0], (row[1] or row[2]).timestamp()]

    found = None if levels is None else lambda level: levels.append(_LEVELS[level])
    value = caching.get_or_load(caching.STATUS, load, found=found, channel=channel_slug, session=session_id)
    return cast("tuple[str, float] | None", value)
