"""Taking messages that other systems want sent: once per Idempotency-Key, as rows of the outbox."""

import json
from dataclasses import asdict, dataclass
from hashlib import sha256

from django.db import IntegrityError, transaction

from conversations.models import Author, IdempotentRequest, Message
from conversations.services import tombstones, wakeups
from conversations.services.identities import user_locked
from conversations.services.messages import outbound_append
from conversations.services.refusals import Refusal
from conversations.services.threads import open_thread
from conversations.services.user_lookup import address_at
from sessions_app.models import Channel
from sessions_app.providers.registry import PROVIDERS


class Unsendable(Refusal):
    """The order can never be sent as it is."""


class IdempotencyConflict(Refusal):
    """The Idempotency-Key was used before, for something else."""


@dataclass(frozen=True, slots=True)
class Template:
    """An approved template of the provider, with the texts for its placeholders in order."""

    name: str
    language: str
    parameters: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MessageOrder:
    """What is to be sent: `text`, or `template` when there is one. `to` is a phone number or a known name."""

    to: str
    text: str = ""
    template: Template | None = None


def message_accept(
    channel: Channel, order: MessageOrder, *, client: str, idempotency_key: str = ""
) -> Message:
    """Store the order as a pending outbound message; the same client's same key gives the same message again.

    Raises Unsendable or IdempotencyConflict.
    """
    if not idempotency_key:
        return _store(channel, order)
    request = IdempotentRequest(client=client, key=idempotency_key, fingerprint=_fingerprint(channel, order))
    try:
        with transaction.atomic():
            if message := _accepted_before(request):
                return message
            request.message = _store(channel, order)
            request.save()
            return request.message
    except IntegrityError:
        # The same key at the same moment: what the winner has committed is the answer.
        if message := _accepted_before(request):
            return message
        raise


def _accepted_before(request: IdempotentRequest) -> Message | None:
    earlier = IdempotentRequest.objects.filter(client=request.client, key=request.key)
    found = earlier.select_related("message").first()
    if found is None:
        return None
    if found.fingerprint != request.fingerprint:
        raise IdempotencyConflict(
            "idempotency_conflict", "This Idempotency-Key was used for another message."
        )
    return found.message


def _fingerprint(channel: Channel, order: MessageOrder) -> str:
    content = json.dumps([channel.slug, asdict(order)], sort_keys=True)
    return sha256(content.encode()).hexdigest()


@transaction.atomic
def _store(channel: Channel, order: MessageOrder) -> Message:
    _require_sendable(channel, order)
    address = address_at(channel, order.to)
    if address is None:
        raise Unsendable("unknown_recipient", "'to' is neither a phone number nor a known user's name.")
    user = user_locked(channel, (address,))
    if tombstones.is_barred(user, (address,)):
        raise Unsendable("recipient_erased", "This customer was erased and has not written since.")
    template = order.template
    text = f"{template.name}: {', '.join(template.parameters)}" if template else order.text
    [message] = outbound_append(
        user,
        text,
        author=Author.API,
        thread=open_thread(user),
        kind="template" if template else "text",
        template=asdict(template) if template else None,
    )
    transaction.on_commit(lambda: wakeups.wake_delivery(user.pk))
    return message


def _require_sendable(channel: Channel, order: MessageOrder) -> None:
    provider = PROVIDERS.get(channel.kind)
    if provider is None or not provider.carries_messages:
        raise Unsendable("channel_cannot_send", "This channel cannot send messages.")
    if len(order.text) > provider.text_limit:
        raise Unsendable(
            "text_too_long", f"This channel's texts have at most {provider.text_limit} characters."
        )
