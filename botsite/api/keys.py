"""Making, finding and revoking API keys."""

import hmac
import re
import secrets
from collections.abc import Collection
from datetime import datetime, timedelta
from hashlib import sha256

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Least, Now
from django.utils import timezone

from botsite.api.models import ApiKey
from botsite.telemetry.audit import report_audit

ROTATION_OVERLAP = timedelta(days=7)
"""How long both keys of a rotation work, unless something else is asked for."""
TOUCH_INTERVAL = timedelta(minutes=1)
_TOKEN = re.compile(r"(bsk_[0-9a-f]{12})_([0-9a-f]{64})")


class KeyNotLive(Exception):
    """The key was revoked or has expired."""


def api_key_create(
    *,
    name: str,
    scopes: Collection[str],
    channels: Collection[str] = (),
    expires_at: datetime | None = None,
    calls_per_minute: int | None = None,
) -> tuple[ApiKey, str]:
    """Store a new key and return it with its token, which exists nowhere else and cannot be shown again.

    Raises ValidationError with a sentence per field.
    """
    key = ApiKey(
        name=name,
        scopes=sorted(set(scopes)),
        channels=sorted(set(channels)),
        expires_at=expires_at,
        calls_per_minute=calls_per_minute,
    )
    token = assign_token(key)
    key.full_clean()
    key.save()
    return key, token


@transaction.atomic
def api_key_rotate(key: ApiKey, *, overlap: timedelta) -> tuple[ApiKey, str]:
    """Make a successor that may do the same, returned with its token; `key` goes on working for `overlap`.

    Raises KeyNotLive for a key that opens nothing any more.
    """
    old = ApiKey.objects.live().select_for_update().filter(pk=key.pk).first()
    if old is None:
        raise KeyNotLive("only a live key can be rotated")
    successor, token = api_key_create(
        name=old.name, scopes=old.scopes, channels=old.channels, calls_per_minute=old.calls_per_minute
    )
    ending = ApiKey.objects.filter(pk=old.pk)
    if overlap:
        ending.update(expires_at=Least(F("expires_at"), Now() + overlap))  # LEAST disregards a null
    else:
        api_keys_revoke(ending)
    return successor, token


def assign_token(key: ApiKey) -> str:
    """Give an unsaved key its random secret (256 bits) and return the token that the client sends."""
    secret = secrets.token_hex(32)
    key.prefix = f"bsk_{secrets.token_hex(6)}"
    key.secret_hash = _hashed(secret)
    return f"{key.prefix}_{secret}"


def api_key_find(token: str) -> ApiKey | None:
    """Return the live key that `token` opens. One query; none for what cannot be a key."""
    match = _TOKEN.fullmatch(token)
    if match is None:
        return None
    prefix, secret = match.groups()
    key = ApiKey.objects.live().filter(prefix=prefix).first()
    if key is None or not hmac.compare_digest(key.secret_hash, _hashed(secret)):
        return None
    return key


def api_key_touch(key: ApiKey) -> None:
    """Note that the key was used, at most once a minute, so that a busy key costs no write per request."""
    due = timezone.now() - TOUCH_INTERVAL
    if key.last_used_at is None or key.last_used_at < due:
        unused = Q(last_used_at=None) | Q(last_used_at__lt=due)
        ApiKey.objects.filter(unused, pk=key.pk).update(last_used_at=Now())


def api_keys_revoke(keys: QuerySet[ApiKey]) -> int:
    """Stop every key of `keys` that was not revoked yet, at once; returns how many."""
    live = list(keys.filter(revoked_at=None).values_list("pk", flat=True))
    with transaction.atomic():
        revoked = keys.filter(pk__in=live, revoked_at=None).update(revoked_at=Now())
        for pk in live:
            report_audit("api_key_revoked", actor="site", subject=f"api.apikey:{pk}")
    return revoked


def _hashed(secret: str) -> str:
    # The secret is random, so that a fast hash keeps it: there is nothing to guess.
    return sha256(secret.encode()).hexdigest()
