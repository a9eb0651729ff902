"""Fetching a customer's name and labels from the channel's provider, apart from any message.

What is to be fetched stands in the user's row: `enrichment_due_at`, moved on before each attempt. So a hint
that is lost, or a worker that dies, costs a delay and no fetch.
"""

import random
import threading
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from botsite.resilience.breaker import BreakerOpen, Permit, get_breaker
from botsite.telemetry.logging import get_logger
from conversations.models import WhatsAppUser
from conversations.services import client_data, wakeups
from conversations.services.cleaning import clean_text
from conversations.services.identities import preferred
from conversations.shop.services import freshness
from conversations.shop.values import Customer
from sessions_app.providers.base import Account, Identity, IdentityKind, Profile
from sessions_app.providers.errors import (
    ConfigurationError,
    PermanentError,
    ProviderError,
    ThrottledError,
)
from sessions_app.providers.registry import PROVIDERS, get_provider

MAX_ATTEMPTS = 5
RETRY_SECONDS = 30.0
"""The delay after the first attempt, doubled by each. It is the lease too: longer than a fetch can take."""
HINTS = 20
"""Hints published for one request; the sweeper finds the rest."""
LABELS, LABEL_LENGTH, NAME_LENGTH = 50, 100, 200
FETCHABLE = (IdentityKind.WA_ID, IdentityKind.JID, IdentityKind.LID)

FETCHES_AT_ONCE = 4
"""A provider that hangs may hold this many of a process's threads; the others go on answering."""

_slots = threading.BoundedSemaphore(FETCHES_AT_ONCE)

log = get_logger("enrichment")


@dataclass(frozen=True, slots=True)
class _Claim:
    """A fetch that is ours until `until`, which stands in the row and fences off who claims it later."""

    user_id: int
    channel_id: int
    account: Account
    identity: Identity
    attempt: int
    until: datetime


def provider_can(kind: str) -> bool:
    """Tell whether channels of this kind have a provider that knows profiles."""
    return kind in PROVIDERS and PROVIDERS[kind].fetches_profiles


def fetchable(names: Iterable[Identity]) -> Identity | None:
    """Return the name by which a provider can be asked about a user; None without any."""
    return preferred(name for name in names if name.kind in FETCHABLE)


def schedule(user_ids: Collection[int]) -> None:
    """Let these users be fetched as soon as the caller's transaction has committed."""
    users = WhatsAppUser.objects.filter(pk__in=user_ids)
    # Locked in the order in which webhooks lock them, so that neither blocks the other.
    found = list(users.select_for_update(no_key=True).order_by("pk").values_list("pk", flat=True))
    users.update(enrichment_due_at=Now(), enrichment_attempts=0)

    def announce() -> None:
        for user_id in found[:HINTS]:
            wakeups.wake_enrichment(user_id)

    transaction.on_commit(announce)


def users_due(limit: int) -> list[int]:
    """Return users whose fetch is due, the longest waiting first."""
    due = WhatsAppUser.objects.filter(enrichment_due_at__lte=Now()).order_by("enrichment_due_at")
    return list(due.values_list("pk", flat=True)[:limit])


def enrich(user_id: int) -> None:
    """Fetch the user's profile if that is due, nobody else is at it and a slot is free."""
    if not _slots.acquire(blocking=False):
        return
    try:
        if claim := _claim(user_id):
            _fetch(claim)
    finally:
        _slots.release()


def _claim(user_id: int) -> _Claim | None:
    """Count the attempt and put the next one off, unless somebody else just did."""
    due = WhatsAppUser.objects.filter(pk=user_id, enrichment_due_at__lte=Now())
    user = due.select_related("channel").prefetch_related("identities").annotate(now=Now()).first()
    if user is None:
        return None
    unchanged = WhatsAppUser.objects.filter(pk=user_id, enrichment_due_at=user.enrichment_due_at)
    identity = fetchable(name.as_identity() for name in user.identities.all() if name.replaced_at is None)
    is_possible = user.channel.is_active and provider_can(user.channel.kind)
    if identity is None or not is_possible or user.enrichment_attempts >= MAX_ATTEMPTS:
        unchanged.update(enrichment_due_at=None)
        log.warning("ENRICHMENT_GIVEN_UP", user_id=user_id, attempts=user.enrichment_attempts)
        return None
    attempt = user.enrichment_attempts + 1
    until = user.now + timedelta(seconds=_delay(attempt))
    if not unchanged.update(enrichment_due_at=until, enrichment_attempts=attempt):
        return None
    return _Claim(user_id, user.channel_id, user.channel.account(), identity, attempt, until)


def _delay(attempt: int) -> float:
    return RETRY_SECONDS * 2.0 ** (attempt - 1) * random.uniform(1, 1.5)  # noqa: S311  no secret, only spread


def _fetch(claim: _Claim) -> None:
    """Ask the provider, with no database connection held."""
    connection.close()
    try:
        permit = get_breaker(f"{claim.account.kind}:{claim.account.slug}").admit()
    except BreakerOpen as error:
        _postpone(claim, error.retry_after, attempt=claim.attempt - 1)
        return
    try:
        profile = get_provider(claim.account.kind).fetch_profile(claim.account, claim.identity)
    except ProviderError as error:
        _report(permit, error)
        _note_failure(claim, error)
    except Exception:
        permit.failed()
        raise
    else:
        permit.succeeded()
        _store(claim, profile)


def _report(permit: Permit, error: ProviderError) -> None:
    """Only what the provider is to blame for counts against it."""
    if isinstance(error, PermanentError | ConfigurationError):
        permit.ignored()
    else:
        permit.failed()


def _note_failure(claim: _Claim, error: ProviderError) -> None:
    is_last = claim.attempt >= MAX_ATTEMPTS or isinstance(error, PermanentError)
    log.warning(
        "ENRICHMENT_GIVEN_UP" if is_last else "ENRICHMENT_FAILED",
        user_id=claim.user_id,
        attempts=claim.attempt,
        error=error.code,
        fallback="what is known stays",
    )
    if is_last:
        _ours(claim).update(enrichment_due_at=None)
    elif isinstance(error, ThrottledError) and error.retry_after:
        _postpone(claim, max(error.retry_after, _delay(claim.attempt)), attempt=claim.attempt)


def _postpone(claim: _Claim, seconds: float, *, attempt: int) -> None:
    _ours(claim).update(enrichment_due_at=Now() + timedelta(seconds=seconds), enrichment_attempts=attempt)


def _store(claim: _Claim, profile: Profile) -> None:
    """Write what is new, unless the fetch was asked for again meanwhile: then that one will."""
    with transaction.atomic():
        user = _ours(claim).select_for_update(no_key=True).first()
        if user is None:
            return
        changes = _changes(user, profile)
        _ours(claim).update(enrichment_due_at=None, enrichment_attempts=0, **changes)
        if changes:
            client_data.invalidate(channel_id=claim.channel_id, user_id=claim.user_id)
            freshness.session_changed(Customer.of(user))
    log.info("PROFILE_FETCHED", user_id=claim.user_id, changed=" ".join(sorted(changes)))


def _changes(user: WhatsAppUser, profile: Profile) -> dict[str, Any]:
    """Return the fields to write. What the provider did not say stays."""
    fetched: dict[str, Any] = {
        "name": clean_text(profile.name, limit=NAME_LENGTH)[0],
        "user_name": clean_text(profile.user_name, limit=NAME_LENGTH)[0],
    }
    changes = {name: value for name, value in fetched.items() if value and value != getattr(user, name)}
    if profile.labels is not None:
        labels = [clean_text(label, limit=LABEL_LENGTH)[0] for label in profile.labels[:LABELS]]
        if labels != user.labels:
            changes["labels"] = labels
    return changes


def _ours(claim: _Claim) -> QuerySet[WhatsAppUser]:
    return WhatsAppUser.objects.filter(pk=claim.user_id, enrichment_due_at=claim.until)
