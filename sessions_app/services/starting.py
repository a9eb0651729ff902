"""Starting a session for somebody: its row first, then the gateway is asked, off the caller's path."""

import secrets

from django.db import connection, transaction

from botsite import caching
from sessions_app.models import Channel, ChannelKind, Device, Order, OrderState
from sessions_app.models.device import ACTIVE, PENDING
from sessions_app.services.channels import GATEWAY_KINDS
from sessions_app.services.gateway_orders import order_give

STARTABLE = frozenset({ChannelKind.EVOLUTION, ChannelKind.WAHA, ChannelKind.GATEWAY})
"""The kinds whose gateways hold sessions."""


class NotStartable(Exception):
    """The channel's kind has no sessions."""


@transaction.atomic
def device_start(channel: Channel, *, owner: str) -> Device:
    """Return the owner's session that is pending or active, or a new one; its gateway is asked by a worker.

    A gateway that had refused is asked again. `owner` is the caller's own id, at most 64 characters.
    Raises NotStartable.
    """
    if channel.kind not in STARTABLE:
        raise NotStartable(channel.kind)
    _lock_owner(channel, owner)
    live = Device.objects.filter(channel=channel, owner=owner, status__in=(PENDING, ACTIVE))
    if known := live.order_by("-created_at").first():
        if known.status == PENDING and known.order_state == OrderState.FAILED:
            order_give(known, Order.START)
        return known
    device = Device.objects.create(channel=channel, owner=owner, session_id=secrets.token_hex(16))
    _forget_absence(device)
    order_give(device, Order.START)
    return device


@transaction.atomic
def device_link(channel: Channel) -> Device:
    """Have the session that carries the channel's messages started, and return it; it may be linked already.

    Raises NotStartable for a channel whose messages are not those of a linked phone.
    """
    if channel.kind not in GATEWAY_KINDS or not channel.instance:
        raise NotStartable(channel.kind)
    device, made = Device.objects.get_or_create(channel=channel, session_id=channel.instance)
    if made:
        _forget_absence(device)
    order_give(device, Order.START)
    return device


def _forget_absence(device: Device) -> None:
    """Whoever asked for the session before has "nobody knows it" in the cache."""
    for layer in (caching.STATUS, caching.SESSION_INFO):
        caching.invalidate_on_commit(layer, channel=device.channel.slug, session=device.session_id)


def _lock_owner(channel: Channel, owner: str) -> None:
    """Let who starts for the same owner at the same time wait for the commit, and find this one's session."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, %s))", [owner, channel.pk])
