"""Asking a channel's gateway how a session is, at most once in a while for all who want to know."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import Error as DatabaseError
from django.db import connection
from django.utils import timezone

from botsite import caching
from botsite.telemetry.logging import get_logger
from sessions_app.providers.errors import ProviderError
from sessions_app.providers.gateway_registry import get_gateway
from sessions_app.services.channels import channel_by_slug

log = get_logger("devices")


@dataclass(frozen=True, slots=True)
class GatewayAnswer:
    """What a gateway said of a session, and when."""

    status: str
    at: datetime


def gateway_answer(channel_slug: str, session_id: str) -> GatewayAnswer | None:
    """Return what the gateway says of a session; None when it does not say. Never raises.

    An answer, and the lack of one, is good for the cache's 30 seconds: a gateway that is down is left alone.
    """
    try:
        said = caching.get_or_load(
            caching.CONNECTION,
            lambda: _ask(channel_slug, session_id),
            channel=channel_slug,
            session=session_id,
        )
    except DatabaseError as error:
        log.warning("GATEWAY_NOT_ASKED", slug=channel_slug, error=type(error).__name__)
        return None
    return said and GatewayAnswer(said[0], datetime.fromtimestamp(said[1], tz=UTC))


def _ask(channel_slug: str, session_id: str) -> Any:
    channel = channel_by_slug(channel_slug)
    gateway = get_gateway(channel.kind) if channel else None
    if channel is None or gateway is None:
        return None
    connection.close()  # none is held while the gateway thinks
    try:
        event = gateway.session_state(channel.account(), session_id)
    except ProviderError as error:
        log.warning(
            "GATEWAY_NO_ANSWER", slug=channel_slug, error=error.code, fallback="what was reported last"
        )
        return None
    return [event.status, timezone.now().timestamp()] if event and event.status else None
