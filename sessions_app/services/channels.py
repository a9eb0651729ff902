"""Finding and saving channels."""

import hmac
import secrets
from collections.abc import Mapping
from typing import Any, cast

from django.core.exceptions import ValidationError
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver
from django.utils.translation import gettext as _

from botsite import caching
from sessions_app.models import Channel, ChannelKind
from sessions_app.providers.registry import PROVIDERS

SECRET_OF_OURS = frozenset({ChannelKind.WHAPI, ChannelKind.EVOLUTION, ChannelKind.WAHA})
"""Providers that are told the secret which their webhooks carry, or are signed with: it is made here."""
GATEWAY_KINDS = frozenset({ChannelKind.EVOLUTION, ChannelKind.WAHA})
"""Gateways that carry the messages of linked phones."""
REQUIRED_FIELDS: Mapping[str, tuple[str, ...]] = dict.fromkeys(
    GATEWAY_KINDS, ("base_url", "instance", "access_token", "app_secret")
)
"""What a channel of a kind cannot be made without by an operator."""


def channel_by_slug(slug: str) -> Channel | None:
    """Return the active channel whose webhooks come in under `slug`, to be treated as read-only.

    It comes from the process's memory; a channel that was saved or deleted is read anew in all processes.
    """

    def load() -> Channel:
        return Channel.objects.get(slug=slug, is_active=True)

    try:
        return cast("Channel", caching.get_or_load(caching.CHANNEL, load, slug=slug))
    except Channel.DoesNotExist:
        return None  # not kept: whoever makes up slugs must not fill the memory


@receiver((post_save, post_delete), sender=Channel)
def _forget_channels(**_: Any) -> None:
    # All of them, for a channel may have had another slug before.
    caching.invalidate_on_commit(caching.CHANNEL)


def channels_for_routes(entry: Channel, routes: set[str]) -> dict[str, Channel]:
    """Return the channel of each route that `entry`'s signature may speak for.

    A route is a Cloud API phone_number_id, or the instance (session) of a gateway. The webhook's own channel
    answers for its own number and for items without a route. Other numbers of the same app, or of the same
    gateway, arrive under the same signature: they are accepted only when they share the app secret.
    """
    name = "instance" if entry.kind in GATEWAY_KINDS else "phone_number_id"
    found = {"": entry, getattr(entry, name): entry}
    others = routes - found.keys()
    if others:
        for channel in Channel.objects.filter(kind=entry.kind, is_active=True, **{f"{name}__in": others}):
            if _shares_secret(entry, channel):
                found.setdefault(getattr(channel, name), channel)
    return found


def channel_save(*, slug: str, kind: str, **values: Any) -> tuple[Channel, bool]:
    """Create the channel `slug`, or update the values that are given; returns it and whether it is new.

    `values` are fields of Channel; None leaves a field as it is. The caller is the operator, whose base URL
    is trusted. Raises ValidationError with a sentence per field, also for one that the kind cannot do
    without, ValueError for a kind that has no provider yet.
    """
    if kind not in PROVIDERS:
        raise ValueError(f"kind must be one of: {', '.join(sorted(PROVIDERS))}")
    channel = Channel.objects.filter(slug=slug).first()
    created = channel is None
    channel = channel or Channel(slug=slug)
    channel.kind = kind
    for name, value in values.items():
        if value is not None:
            setattr(channel, name, value)
    if values.get("base_url") is not None:
        channel.base_url_guarded = False
    channel.full_clean()
    _require_fields(channel)
    channel.save()
    return channel, created


def _require_fields(channel: Channel) -> None:
    problems = {
        name: _("A channel of the kind %(kind)s needs: %(field)s.")
        % {"kind": channel.get_kind_display(), "field": name.replace("_", "-")}
        for name in REQUIRED_FIELDS.get(channel.kind, ())
        if not getattr(channel, name)
    }
    if channel.base_url and not channel.base_url.startswith(("http://", "https://")):
        problems["base_url"] = _("The base URL has to begin with http:// or https://.")
    if problems:
        raise ValidationError(problems)


def webhook_secret_renew(channel: Channel) -> str:
    """Give the channel a new webhook secret and return it; the one until now is accepted beside it.

    Raises ValueError for a channel whose secret is the provider's to choose (Cloud API).
    """
    if channel.kind not in SECRET_OF_OURS:
        raise ValueError("this provider chooses the secret itself")
    channel.previous_app_secret, channel.app_secret = channel.app_secret, secrets.token_urlsafe(32)
    channel.save(update_fields=["app_secret", "previous_app_secret", "updated_at"])
    return channel.app_secret


def _shares_secret(one: Channel, other: Channel) -> bool:
    return any(
        hmac.compare_digest(mine.encode(), theirs.encode())
        for mine in one.account().app_secrets
        for theirs in other.account().app_secrets
    )
