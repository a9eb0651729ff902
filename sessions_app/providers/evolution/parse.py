"""From the body of an Evolution webhook to events."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from botsite.resilience.http import parse_json
from sessions_app.providers.base import (
    BusinessEcho,
    DeliveryState,
    DeviceEvent,
    InboundEvent,
    InboundMessage,
    StatusUpdate,
    UnrecognizedItem,
)
from sessions_app.providers.errors import MalformedPayloadError
from sessions_app.providers.evolution.devices import code_event, connection_event
from sessions_app.providers.evolution.payloads import Envelope, MessageItem, StatusItem
from sessions_app.providers.fields import JsonObject, as_identifier
from sessions_app.providers.jids import crowd

_STATES: Mapping[str, DeliveryState] = {
    **dict.fromkeys(("PENDING", "SERVER_ACK", "1", "2"), DeliveryState.ACCEPTED),
    **dict.fromkeys(("DELIVERY_ACK", "3"), DeliveryState.DELIVERED),
    **dict.fromkeys(("READ", "PLAYED", "4", "5"), DeliveryState.READ),
    **dict.fromkeys(("ERROR", "0"), DeliveryState.FAILED),
}
_NO_WORDS = ("reaction", "revoke", "edit", "protocol", "poll")
_NEVER_KEPT = frozenset({"apikey", "base64", "code", "pairingCode"})
"""Keys and QR codes. A picture in a message (`base64`, where the server sends media along) is large."""


def parse_webhook(body: bytes) -> list[InboundEvent]:
    """Return the events of a verified body; raises MalformedPayloadError when it is no envelope.

    Messages and statuses have the instance as their route: a server may send the webhooks of all its
    instances to one address, and each has a number of its own.
    """
    try:
        raw = parse_json(body)
    except ValueError as error:
        raise MalformedPayloadError from error
    if not isinstance(raw, dict) or not isinstance(raw.get("event"), str):
        raise MalformedPayloadError
    return list(_events(Envelope.read(raw), _without_secrets(raw), raw))


def _events(envelope: Envelope, kept: JsonObject, raw: JsonObject) -> Iterator[InboundEvent]:
    read_device = _DEVICE_EVENTS.get(envelope.event)
    read_item = _ITEM_EVENTS.get(envelope.event)
    if read_device:
        yield _device_event(envelope, kept, read_device)
    elif read_item:
        for item in envelope.items:
            yield (
                read_item(envelope.instance, _without_secrets(item))
                if isinstance(item, dict)
                else (_unrecognized(f"{envelope.event} is no object", item))
            )
    else:
        # Presence, chats, contacts, …: one of each is kept, for many servers send all they have.
        name = as_identifier(f"event:{envelope.event}")
        yield _unrecognized(f"event {envelope.event or 'without name'}", kept, external_id=name)


def _device_event(
    envelope: Envelope, kept: JsonObject, read: Callable[[str, JsonObject], DeviceEvent | None]
) -> InboundEvent:
    data = envelope.items[0] if len(envelope.items) == 1 else None
    event = read(envelope.instance, data) if envelope.instance and isinstance(data, dict) else None
    return event or _unrecognized(f"{envelope.event} without instance or state", kept)


def _message_event(instance: str, raw: JsonObject) -> InboundEvent:
    item = MessageItem.read(raw)
    if item.from_me:
        return _own_event(instance, item, raw)
    problem = _problem(item)
    if problem or item.content.text is None:
        return _unrecognized(problem, raw, external_id=item.external_id, route=instance)
    return InboundMessage(
        external_id=item.external_id,
        identities=item.customer(),
        kind=item.content.kind,
        text=item.content.text,
        sent_at=item.sent_at,
        raw=raw,
        route=instance,
        user_name=item.sender_name,
        reply_to=item.reply_to,
        ignore_reason=item.crowd or item.content.ignore_reason,
    )


def _problem(item: MessageItem) -> str:
    if not item.external_id:
        return "message without id"
    if not item.customer():
        return "message without sender"
    return f"message of type {item.content.kind or 'unknown'}" if item.content.text is None else ""


def _own_event(instance: str, item: MessageItem, raw: JsonObject) -> InboundEvent:
    """What went out from the business's number: by a person on the phone, or by us (nothing tells which)."""
    problem = _problem(item)
    if not problem and (item.crowd or item.content.kind in _NO_WORDS or item.content.ignore_reason):
        problem = f"own message of type {item.content.kind}"
    if problem or item.content.text is None:
        return _unrecognized(problem, raw, external_id=item.external_id, route=instance)
    return BusinessEcho(
        external_id=item.external_id,
        identities=item.customer(),
        text=item.content.text,
        sent_at=item.sent_at,
        raw=raw,
        route=instance,
        may_be_ours=True,
    )


def _sent_event(instance: str, raw: JsonObject) -> InboundEvent:
    """`send.message`: something was sent over the server's interface, by us or by another program."""
    item = MessageItem.read(raw)
    if not item.external_id:
        return _unrecognized("own message without id", raw, route=instance)
    return StatusUpdate(item.external_id, DeliveryState.ACCEPTED, item.sent_at, route=instance)


def _status_event(instance: str, raw: JsonObject) -> InboundEvent:
    item = StatusItem.read(raw)
    if not item.from_me or crowd(item.chat):
        # That a customer's message was read on the phone, or what a person wrote to a group: never of ours.
        name = as_identifier(f"status:{item.chat}")  # the first of a chat is kept
        return _unrecognized("status of another's message", raw, external_id=name, route=instance)
    state = _STATES.get(item.state)
    if state is None or not item.external_id:
        reason = f"status {item.state or 'unknown'}" if item.external_id else "status without id"
        # Statuses share the id of their message: the state makes a name for this one.
        name = as_identifier(f"{item.external_id}:{item.state}") if item.external_id else ""
        return _unrecognized(reason, raw, external_id=name, route=instance)
    failed = state == DeliveryState.FAILED
    return StatusUpdate(item.external_id, state, None, route=instance, error_code="error" if failed else "")


def _unrecognized(reason: str, raw: object, *, external_id: str = "", route: str = "") -> UnrecognizedItem:
    item = raw if isinstance(raw, dict) else {"item": _without_secrets(raw)}
    return UnrecognizedItem(reason=reason, raw=item, external_id=external_id, route=route)


def _without_secrets(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_secrets(item) for name, item in value.items() if name not in _NEVER_KEPT}
    return [_without_secrets(item) for item in value] if isinstance(value, list) else value


_DEVICE_EVENTS: Mapping[str, Callable[[str, JsonObject], DeviceEvent | None]] = {
    "connection.update": connection_event,
    "qrcode.updated": code_event,
}
_ITEM_EVENTS: Mapping[str, Callable[[str, JsonObject], InboundEvent]] = {
    "messages.upsert": _message_event,
    "messages.update": _status_event,
    "send.message": _sent_event,
}
