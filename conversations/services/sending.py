"""One send: from the outbox row to the provider and back to an honest outcome."""

import time
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import F
from django.db.models.functions import Now

from botsite.resilience.ratelimit import Quota, configured, wait_before
from botsite.telemetry.logging import get_logger
from conversations.models import Message, OutboundState, UserIdentity
from conversations.services.identities import preferred
from sessions_app.providers.base import Identity, OutboundMessage, Provider
from sessions_app.providers.errors import (
    AmbiguousError,
    ConfigurationError,
    PermanentError,
    ProviderError,
    ThrottledError,
    WindowClosedError,
)
from sessions_app.providers.registry import get_provider

SEND_MARGIN_SECONDS = 15
"""A claim with less than this left is not used: the send could outlast it."""
RECONCILE_SECONDS = 120
"""How long statuses have to tell what became of a send whose outcome is unknown."""
MAX_FAILURES = 5
MAX_THROTTLED = 30
RETRY_SECONDS = 2.0
LONGEST_RETRY_SECONDS = 60.0

_WINDOW_CLOSED = "the 24-hour window is closed"

log = get_logger("sending")


@dataclass(frozen=True, slots=True)
class Claim:
    """A message that is ours to send; `attempt` fences off whoever claimed it before."""

    message: Message
    attempt: int
    until: float
    """On this process's monotonic clock."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The state a send ended in; `delay` seconds until the next look at it where one is due."""

    state: OutboundState
    reason: str = ""
    external_id: str = ""
    delay: float = 0
    failures: int = 0
    template: dict[str, Any] | None = None


def send(claim: Claim) -> Outcome:
    """Hand the message to its provider, with no database connection held."""
    message = claim.message
    account = message.channel.account()
    provider = get_provider(account.kind)
    recipient, window_open = _addressee(message, provider)
    if recipient is None:
        return Outcome(OutboundState.FAILED, "the user has no address")
    if not window_open and not message.template:
        return _outside_window(message)
    outbound = _outbound(message, recipient)
    connection.close()
    if wait := _wait_for_number(provider, account.slug):
        return Outcome(OutboundState.PENDING, "the number's limit", delay=wait)
    if time.monotonic() > claim.until - SEND_MARGIN_SECONDS:
        return Outcome(OutboundState.PENDING, "the sender was held up")
    try:
        external_id = provider.send(account, outbound)
    except WindowClosedError:
        return _outside_window(message)
    except ProviderError as error:
        return _outcome_of(error, message.failures)
    except Exception as error:  # whatever broke, the message may be out: never send it again by itself
        log.exception("SEND_ERROR", message_id=message.pk, error=type(error).__name__)
        return Outcome(OutboundState.UNKNOWN, type(error).__name__, delay=RECONCILE_SECONDS)
    return Outcome(OutboundState.ACCEPTED, external_id=external_id)


def _addressee(message: Message, provider: Provider) -> tuple[Identity | None, bool]:
    """Return where to send to, and whether free text may be sent as far as we know."""
    # By the message, not by its user as it was claimed: they may have been merged into another one since.
    current = UserIdentity.objects.filter(user__messages=message.pk, replaced_at=None)
    rows = current.annotate(last=F("user__last_inbound_at"), now=Now())
    names = {row.as_identity(): row for row in rows}
    recipient = preferred(names)
    if recipient is None:
        return None, True
    row, window = names[recipient], provider.limits.window
    return recipient, window is None or row.last is None or row.now - row.last < window


def _wait_for_number(provider: Provider, slug: str) -> float:
    """Count the send against the number's limits; returns the seconds to wait when it is not its turn."""
    for limit, seconds in ((provider.limits.per_second, 1), (provider.limits.per_minute, 60)):
        if not limit:
            continue
        quota = configured(Quota(name=f"send_{provider.kind}", limit=limit, seconds=seconds))
        if wait := wait_before(quota, slug):
            return wait
    return 0


def _outside_window(message: Message) -> Outcome:
    """Send the channel's template instead, if it has one; else a person has to see it."""
    channel = message.channel
    if message.template or not channel.window_template:
        return Outcome(OutboundState.PARKED, _WINDOW_CLOSED)
    template = {
        "name": channel.window_template,
        "language": channel.language,
        "parameters": [message.text] if channel.window_template_takes_text else [],
    }
    return Outcome(OutboundState.PENDING, f"{_WINDOW_CLOSED}: sent as a template", template=template)


def _outbound(message: Message, recipient: Identity) -> OutboundMessage:
    template: dict[str, Any] = message.template or {}
    return OutboundMessage(
        recipient=recipient,
        text=message.text,
        callback_data=str(message.token),
        reply_to=message.reply_to,
        template_name=template.get("name", ""),
        template_language=template.get("language", ""),
        template_parameters=tuple(template.get("parameters", ())),
    )


def _outcome_of(error: ProviderError, failures: int) -> Outcome:
    reason = str(error)[:200]
    if isinstance(error, AmbiguousError):
        return Outcome(OutboundState.UNKNOWN, reason, delay=RECONCILE_SECONDS)
    if isinstance(error, PermanentError):
        return Outcome(OutboundState.FAILED, reason)
    throttled = isinstance(error, ThrottledError)
    if isinstance(error, ConfigurationError) or failures + 1 >= (
        MAX_THROTTLED if throttled else MAX_FAILURES
    ):
        return Outcome(OutboundState.PARKED, reason, failures=1)
    delay = min(RETRY_SECONDS * 2**failures, LONGEST_RETRY_SECONDS)
    if isinstance(error, ThrottledError):
        delay = max(delay, error.retry_after or 0)
    return Outcome(OutboundState.PENDING, reason, delay=delay, failures=1)
