"""Storing what a webhook brought: everything or nothing, in one short transaction."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now

from botsite.resilience.retry import database_retry
from botsite.telemetry import metrics
from conversations.models import Author, Direction, InboundState, Message, WebhookItem, WhatsAppUser
from conversations.services import (
    client_data,
    echoes,
    pacing,
    statuses,
    tombstones,
    user_updates,
    wakeups,
)
from conversations.services.cleaning import clean_json, clean_text
from conversations.services.identities import Names, NamesContestedError, users_locked
from conversations.services.waiting import WAITING_REASON
from conversations.shop.services import freshness
from conversations.shop.values import Customer
from sessions_app.models import Channel
from sessions_app.providers.base import (
    BusinessEcho,
    DeviceEvent,
    InboundEvent,
    InboundMessage,
    NumberChange,
    ProfileChange,
    StatusUpdate,
    UnrecognizedItem,
)
from sessions_app.services import code_fetching, devices
from sessions_app.services.channels import channels_for_routes

ATTEMPTS = 3
"""How often a webhook is begun whose customers another one is just giving names to."""

Event = TypeVar("Event", bound=InboundEvent)


@dataclass(slots=True)
class Receipt:
    """How many items of a webhook were taken, were repeats, or are stored without being answered."""

    accepted: int = 0
    duplicates: int = 0
    ignored: int = 0
    users_to_wake: list[int] = field(default_factory=list)


def receive(channel: Channel, events: Sequence[InboundEvent]) -> Receipt:
    """Store all events of one verified webhook and wake the workers for the users who wrote.

    When it returns, everything is committed. Raises django.db.Error when it could not be: then nothing is.
    """
    for _ in range(ATTEMPTS - 1):
        with suppress(NamesContestedError):
            return _receive(channel, events)
    return _receive(channel, events)


# A commit whose answer was lost is found by its messages' ids: the second run counts repeats.
@database_retry("inbox")
def _receive(channel: Channel, events: Sequence[InboundEvent]) -> Receipt:
    receipt = Receipt()
    with transaction.atomic():
        for target, items in _by_channel(channel, events):
            users = _lock_users(target, items)
            items = _without_erased(target, items, users, receipt)
            receipt.accepted += user_updates.profiles_changed(target, _of(ProfileChange, items))
            _store_messages(target, _of(InboundMessage, items), users, receipt)
            receipt.accepted += echoes.store(target, _of(BusinessEcho, items), users)
            receipt.accepted += statuses.apply(target, _of(StatusUpdate, items))
            _store_unrecognized(target, _of(UnrecognizedItem, items), receipt)
            _apply_device_events(target, _of(DeviceEvent, items), receipt)
    for user_id in receipt.users_to_wake:
        wakeups.wake_turn(user_id, delay=settings.BUFFER_SECONDS)
    return receipt


def _apply_device_events(channel: Channel, events: Sequence[DeviceEvent], receipt: Receipt) -> None:
    if events:
        applied = devices.events_apply(channel, events)
        code_fetching.codes_announced(channel, events)
        receipt.accepted += applied.accepted
        receipt.duplicates += applied.duplicates


def _of(kind: type[Event], items: Iterable[InboundEvent]) -> list[Event]:
    return [item for item in items if isinstance(item, kind)]


def _by_channel(
    entry: Channel, events: Sequence[InboundEvent]
) -> Iterator[tuple[Channel, list[InboundEvent]]]:
    """Group events by the channel they are for; what is for an unknown number stays visible with `entry`."""
    channels = channels_for_routes(entry, {event.route for event in events})
    groups: dict[int, list[InboundEvent]] = defaultdict(list)
    for event in events:
        target = channels.get(event.route)
        if target is None:
            groups[entry.pk].append(_misrouted(event))
        else:
            groups[target.pk].append(event)
    by_pk = {channel.pk: channel for channel in channels.values()}
    for pk in sorted(groups):
        yield by_pk[pk], groups[pk]


def _misrouted(event: InboundEvent) -> UnrecognizedItem:
    raw: dict[str, Any] = {"route": event.route, "item": dict(getattr(event, "raw", {}))}
    external_id = event.external_id if isinstance(event, InboundMessage) else ""
    return UnrecognizedItem(reason="unknown_number", raw=raw, external_id=external_id)


def _lock_users(channel: Channel, items: Sequence[InboundEvent]) -> dict[Names, WhatsAppUser]:
    """Lock the users of all messages and echoes, before any message row: the order that everybody keeps.

    A changed number makes its old and new names one user's, unless the notice is a repeat: a late one must
    not undo what happened since.
    """
    people = [item.identities for item in items if isinstance(item, InboundMessage | BusinessEcho)]
    if not people:
        return {}
    changes = {item.external_id: item for item in items if isinstance(item, NumberChange)}
    if changes:
        repeats = Message.objects.filter(channel=channel, external_id__in=changes)
        for external_id in repeats.values_list("external_id", flat=True):
            del changes[external_id]
    moves = [(*change.new_identities, *change.identities) for change in changes.values()]
    times = [item.sent_at for item in items if isinstance(item, InboundMessage | BusinessEcho)]
    as_of = max(filter(None, times), default=None)
    return users_locked(channel, [*people, *moves], moves=moves, as_of=as_of)


def _without_erased(
    channel: Channel, items: list[InboundEvent], users: Mapping[Names, WhatsAppUser], receipt: Receipt
) -> list[InboundEvent]:
    kept = tombstones.without_erased(channel, items, users)
    receipt.ignored += len(items) - len(kept)
    return kept


def _store_messages(
    channel: Channel,
    messages: Sequence[InboundMessage],
    users: Mapping[Names, WhatsAppUser],
    receipt: Receipt,
) -> None:
    if not messages:
        return
    stored = set(
        Message.objects.filter(
            channel=channel, external_id__in={message.external_id for message in messages}
        ).values_list("external_id", flat=True)
    )
    rows: list[Message] = []
    by_user: dict[int, list[InboundMessage]] = defaultdict(list)
    for message in messages:
        if message.external_id in stored:
            receipt.duplicates += 1
            continue
        stored.add(message.external_id)
        user = users[message.identities]
        user.last_sequence += 1
        rows.append(_row(user, message))
        by_user[user.pk].append(message)
    delays = pacing.pace(rows)
    Message.objects.bulk_create(rows)
    ignored = sum(row.state == InboundState.IGNORED for row in rows)
    receipt.ignored += ignored
    receipt.accepted += len(rows) - ignored
    results = {
        "accepted": len(rows) - ignored,
        "duplicate": len(messages) - len(rows),
        "ignored": ignored,
    }
    transaction.on_commit(partial(_count_messages, channel.slug, results))
    for user in {user.pk: user for user in users.values()}.values():
        if user.pk in by_user:
            _note_arrival(user, by_user[user.pk], receipt, delay=delays.get(user.pk, 0))


def _count_messages(slug: str, results: Mapping[str, int]) -> None:
    for result, amount in results.items():
        if amount:
            metrics.count("webhook_messages_total", amount, channel=slug, result=result)


def _row(user: WhatsAppUser, message: InboundMessage) -> Message:
    text, note = clean_text(message.text)
    state, reason = InboundState.PENDING, ""
    if message.ignore_reason:
        state, reason = InboundState.IGNORED, message.ignore_reason
    elif user.paused_at:
        state, reason = InboundState.HELD, "assistant_paused"
    elif user.waiting_since:
        reason = WAITING_REASON
    return Message(
        channel_id=user.channel_id,
        user=user,
        direction=Direction.IN,
        author=Author.CUSTOMER,
        sequence=user.last_sequence,
        external_id=message.external_id,
        kind=message.kind,
        text=text,
        note=note,
        payload=clean_json(message.raw),
        reply_to=message.reply_to,
        provider_at=message.sent_at,
        state=state,
        reason=reason,
    )


def _note_arrival(
    user: WhatsAppUser, messages: Sequence[InboundMessage], receipt: Receipt, *, delay: float
) -> None:
    """Write what the messages change on the (locked) user row, and make a turn due if one is needed.

    Who writes faster than is answered gets it only after `delay` seconds, when the sweeper finds it.
    """
    changes: dict[str, Any] = {"last_sequence": user.last_sequence, "last_inbound_at": Now()}
    if profile := _profile_changes(user, messages):
        changes |= profile
        client_data.invalidate(channel_id=user.channel_id, user_id=user.pk)
        freshness.session_changed(Customer.of(user))
    answerable = not user.paused_at and any(not message.ignore_reason for message in messages)
    if answerable and user.turn_due_at is None:
        changes["turn_due_at"] = Now() + timedelta(seconds=max(settings.BUFFER_SECONDS, delay))
        if not delay:
            receipt.users_to_wake.append(user.pk)
    WhatsAppUser.objects.filter(pk=user.pk).update(**changes)


def _profile_changes(user: WhatsAppUser, messages: Iterable[InboundMessage]) -> dict[str, str]:
    changes: dict[str, str] = {}
    for message in messages:
        for name, value in (("name", message.profile_name), ("user_name", message.user_name)):
            cleaned, _ = clean_text(value, limit=200)
            if cleaned and cleaned != getattr(user, name):
                changes[name] = cleaned
    return changes


def _store_unrecognized(channel: Channel, items: Sequence[UnrecognizedItem], receipt: Receipt) -> None:
    WebhookItem.objects.bulk_create(
        [
            WebhookItem(
                channel=channel,
                reason=item.reason[:200],
                external_id=item.external_id[:200],
                payload=clean_json(item.raw),
            )
            for item in tombstones.without_erased_names(items)
        ],
        ignore_conflicts=True,
    )
    receipt.ignored += len(items)
