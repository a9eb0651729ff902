"""The simulated customer: a chat page that writes to the assistant as a customer's phone would.

A member of staff plays any number of customers, one per conversation. What they write goes the way of every
message; only the statuses, which a phone would send, are made here.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext

from conversations.canonical import canonical_form
from conversations.models import (
    Direction,
    InboundState,
    Message,
    OutboundState,
    ProfileTrial,
    ProfileVersion,
    UserIdentity,
    WhatsAppUser,
)
from conversations.services import inbox, statuses, transcript
from sessions_app.models import Channel, ChannelKind
from sessions_app.providers.base import DeliveryState, Identity, IdentityKind, InboundMessage, StatusUpdate

SLUG = "simulator"
LATE_AFTER = timedelta(seconds=20)
LISTED_CONVERSATIONS = 6

_ON_THE_PHONE = (OutboundState.ACCEPTED, OutboundState.DELIVERED, OutboundState.READ)
_ON_THE_WAY = (OutboundState.PENDING, OutboundState.SENDING)
_LOST = (OutboundState.FAILED, OutboundState.UNKNOWN, OutboundState.PARKED)


class Unavailable(Exception):
    """The channel with the simulator's slug is switched off or of another kind."""


class Presence(StrEnum):
    """What the customer's phone shows under the name of the business."""

    ONLINE = "online"
    TYPING = "typing"
    LATE = "late"
    WAITING = "waiting"
    PAUSED = "paused"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Chat:
    """Conversation `number` (from 1) of the member of staff with the primary key `staff_id`."""

    staff_id: int
    number: int

    @property
    def identity(self) -> Identity:
        return Identity(IdentityKind.WA_ID, f"sim-{self.staff_id}-{self.number}")


@dataclass(frozen=True, slots=True)
class View:
    """What the phone shows: messages (in order), and how the last word stands."""

    messages: Sequence[Message]
    presence: Presence


def channel() -> Channel:
    """Return the simulator's channel, made at first use. Raises Unavailable when staff switched it off."""
    found, _ = Channel.objects.get_or_create(
        slug=SLUG, defaults={"kind": ChannelKind.SIMULATOR, "name": "Botsite"}
    )
    if not found.is_active or found.kind != ChannelKind.SIMULATOR:
        raise Unavailable
    return found


def customer(chat: Chat) -> WhatsAppUser | None:
    """Return the customer of this chat; None until the first message is stored."""
    rows = UserIdentity.objects.filter(channel__slug=SLUG, canonical=canonical_form(chat.identity))
    row = rows.select_related("user__channel").first()
    return row.user if row else None


def numbers(staff_id: int) -> list[int]:
    """Return the numbers of the latest conversations, newest first."""
    prefix = f"sim-{staff_id}-"
    rows = UserIdentity.objects.filter(
        channel__slug=SLUG, kind=IdentityKind.WA_ID, value__regex=rf"^{prefix}\d+$"
    ).order_by("-user_id")
    values = rows.values_list("value", flat=True)[:LISTED_CONVERSATIONS]
    return [int(value.removeprefix(prefix)) for value in values]


def try_version(staff_id: int, version: ProfileVersion) -> Chat:
    """Begin a conversation in which `version` answers, whichever profile is in use."""
    chat = Chat(staff_id, max(numbers(staff_id), default=0) + 1)
    ProfileTrial.objects.update_or_create(identity=chat.identity.value, defaults={"version": version})
    return chat


def version_on_trial(chat: Chat) -> ProfileVersion | None:
    """Return the version that is tried in this conversation, if one is, with its profile."""
    trials = ProfileTrial.objects.filter(identity=chat.identity.value)
    trial = trials.select_related("version__profile__channel").first()
    return trial.version if trial else None


def send(chat: Chat, *, text: str, client_id: UUID) -> inbox.Receipt:
    """Store what the customer wrote. The same `client_id` again is a duplicate, as with any provider.

    Raises Unavailable, and django.db.Error when it could not be stored.
    """
    message = InboundMessage(
        external_id=f"{chat.identity.value}-{client_id}",
        identities=(chat.identity,),
        kind="text",
        text=text,
        sent_at=timezone.now(),
        raw={"type": "text", "text": {"body": text}},
        profile_name=gettext("Simulated customer %(number)d") % {"number": chat.number},
    )
    return inbox.receive(channel(), [message])


def look(chat: Chat, *, after: int, visible: bool) -> View:
    """Return what the phone shows since the sequence number `after`.

    Looking is what a phone does with a message: it is delivered, and read when the page is `visible`.
    """
    user = customer(chat)
    if user is None:
        return View((), Presence.ONLINE)
    messages = transcript.since(user, after=after)
    shown = [m for m in messages if m.direction == Direction.IN or m.state in _ON_THE_PHONE]
    _acknowledge(user.channel, shown, DeliveryState.READ if visible else DeliveryState.DELIVERED)
    return View(shown, _presence(user, messages))


def _acknowledge(target: Channel, messages: Iterable[Message], state: DeliveryState) -> None:
    behind = (OutboundState.ACCEPTED, OutboundState.DELIVERED)[: 1 if state == DeliveryState.DELIVERED else 2]
    updates = [
        StatusUpdate(external_id=message.external_id, state=state, at=timezone.now())
        for message in messages
        if message.direction == Direction.OUT and message.state in behind
    ]
    if updates:
        statuses.apply(target, updates)


def _presence(user: WhatsAppUser, messages: Sequence[Message]) -> Presence:
    if user.paused_at:
        return Presence.PAUSED
    if user.turn_due_at or any(message.state in _ON_THE_WAY for message in _only(messages, Direction.OUT)):
        return (
            Presence.LATE
            if user.waiting_since or _is_late(_only(messages, Direction.IN))
            else Presence.TYPING
        )
    last_states = {direction: _last_state(_only(messages, direction)) for direction in Direction}
    if last_states[Direction.OUT] in _LOST or last_states[Direction.IN] == InboundState.PARKED:
        return Presence.FAILED
    return Presence.WAITING if last_states[Direction.IN] == InboundState.HELD else Presence.ONLINE


def _only(messages: Iterable[Message], direction: Direction) -> list[Message]:
    return [message for message in messages if message.direction == direction]


def _last_state(messages: Sequence[Message]) -> str:
    return messages[-1].state if messages else ""


def _is_late(inbound: Sequence[Message]) -> bool:
    too_old = timezone.now() - LATE_AFTER
    return any(m.state == InboundState.PENDING and m.created_at < too_old for m in inbound)
