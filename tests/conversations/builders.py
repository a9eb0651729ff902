"""Builders of what the conversations' tests start from."""

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import F

from conversations.models import Direction, Message, WhatsAppUser
from conversations.services import inbox
from sessions_app.models import Channel
from sessions_app.providers.base import Identity, IdentityKind, InboundMessage

_numbers = itertools.count(1)
START = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)


def make_channel(slug: str = "shop", **values: Any) -> Channel:
    """A Cloud API channel; `values` are fields of Channel."""
    defaults = {
        "kind": "cloud_api",
        "phone_number_id": "1001",
        "app_secret": "app-secret",
        "verify_token": "verify-me",
        "access_token": "graph-token",
    }
    return Channel.objects.create(slug=slug, **(defaults | values))


def wa_id(value: str) -> Identity:
    return Identity(IdentityKind.WA_ID, value)


def bsuid(value: str) -> Identity:
    return Identity(IdentityKind.BSUID, value)


def inbound(text: str = "hola", *, sender: str = "573000000001", **values: Any) -> InboundMessage:
    """A text message; later calls are later by the provider's clock."""
    number = next(_numbers)
    defaults: dict[str, Any] = {
        "external_id": f"wamid.{number}",
        "identities": (wa_id(sender),),
        "kind": "text",
        "sent_at": START + timedelta(seconds=number),
        "raw": {"type": "text"},
    }
    return InboundMessage(text=text, **(defaults | values))


def receive(channel: Channel, *texts: str, sender: str = "573000000001") -> WhatsAppUser:
    """Let a customer write `texts`, one webhook each; returns the customer."""
    for text in texts:
        inbox.receive(channel, [inbound(text, sender=sender)])
    return WhatsAppUser.objects.get(identities__value=sender, channel=channel)


def inbound_states(user: WhatsAppUser) -> list[str]:
    return list(_messages(user, Direction.IN).values_list("state", flat=True))


def outbound_states(user: WhatsAppUser) -> list[str]:
    return list(_messages(user, Direction.OUT).values_list("state", flat=True))


def outbound_texts(user: WhatsAppUser) -> list[str]:
    return list(_messages(user, Direction.OUT).values_list("text", flat=True))


def _messages(user: WhatsAppUser, direction: Direction) -> Any:
    return Message.objects.filter(user=user, direction=direction).order_by("sequence")


def lapse(user: WhatsAppUser, *, seconds: float = 3600) -> None:
    """Let the user's lease and due time lie `seconds` in the past, as if that time had gone by."""
    gone = timedelta(seconds=seconds)
    WhatsAppUser.objects.filter(pk=user.pk).update(
        lease_until=F("lease_until") - gone, turn_due_at=F("turn_due_at") - gone
    )
