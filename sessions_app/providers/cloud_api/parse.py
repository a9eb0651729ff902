"""From the body of a Cloud API webhook to events: all entries, changes and items, in their order."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from typing import Any

from botsite.resilience.http import parse_json
from sessions_app.providers.base import (
    BusinessEcho,
    DeliveryState,
    InboundEvent,
    InboundMessage,
    NumberChange,
    StatusUpdate,
    UnrecognizedItem,
)
from sessions_app.providers.cloud_api.payloads import Change, Contact, MessageItem, StatusItem
from sessions_app.providers.cloud_api.summaries import summary
from sessions_app.providers.errors import MalformedPayloadError
from sessions_app.providers.fields import JsonObject, as_identifier, as_list, as_object, as_text

_ENVELOPE = "whatsapp_business_account"
_STATES: Mapping[str, DeliveryState] = {
    "sent": DeliveryState.ACCEPTED,
    "delivered": DeliveryState.DELIVERED,
    "read": DeliveryState.READ,
    "played": DeliveryState.READ,
    "failed": DeliveryState.FAILED,
}
_NEVER_ANSWERED: Mapping[str, str] = {"reaction": "reaction", "revoke": "revoked", "system": "system"}
_NUMBER_CHANGED = "number_changed"
_NUMBER_CHANGES = ("user_changed_number", "customer_changed_number")


def parse_webhook(body: bytes) -> list[InboundEvent]:
    """Return the events of a verified body; raises MalformedPayloadError when it is no envelope."""
    try:
        envelope = parse_json(body)
    except ValueError as error:
        raise MalformedPayloadError from error
    if not isinstance(envelope, dict) or not isinstance(envelope.get("entry"), list):
        raise MalformedPayloadError
    if envelope.get("object") != _ENVELOPE:
        return [UnrecognizedItem(reason="not a WhatsApp envelope", raw=envelope)]
    return [event for entry in envelope["entry"] for event in _entry_events(entry)]


def _entry_events(entry: object) -> Iterator[InboundEvent]:
    changes = as_list(as_object(entry).get("changes"))
    if not changes:
        yield _unrecognized("entry without changes", entry)
    for raw in changes:
        if isinstance(raw, dict):
            yield from _change_events(Change.read(raw))
        else:
            yield _unrecognized("change is no object", raw)


def _change_events(change: Change) -> Iterator[InboundEvent]:
    kinds: tuple[tuple[str, Any, Callable[[Change, JsonObject], InboundEvent]], ...] = (
        ("message", change.messages, _message_event),
        ("status", change.statuses, _status_event),
        ("echo", change.echoes, _echo_event),
        ("error", change.errors, _error_event),
    )
    if not any(items for _, items, _ in kinds):
        yield _unrecognized(f"change of {change.field or 'no field'}", change.raw, route=change.route)
    for name, items, event in kinds:
        for raw in items:
            if isinstance(raw, dict):
                yield event(change, raw)
            else:
                yield _unrecognized(f"{name} is no object", raw, route=change.route)


def _message_event(change: Change, raw: JsonObject) -> InboundEvent:
    item = MessageItem.read(raw)
    sender = change.complete(item.sender)
    text = summary(item.kind, item.content, raw)
    problem = _message_problem(item, text, has_sender=bool(sender.identities()))
    if problem or text is None:
        return _unrecognized(problem, raw, external_id=item.external_id, route=change.route)
    message = InboundMessage(
        external_id=item.external_id,
        identities=sender.identities(),
        kind=item.kind,
        text=text,
        sent_at=item.sent_at,
        raw=raw,
        route=change.route,
        profile_name=sender.profile_name,
        user_name=sender.user_name,
        reply_to=_reply_to(item),
        ignore_reason=_ignore_reason(item, text),
    )
    return _number_change(message, item) if message.ignore_reason == _NUMBER_CHANGED else message


def _number_change(message: InboundMessage, item: MessageItem) -> InboundMessage:
    """Return the change with the new names; a plain message where the notice holds none."""
    new = Contact.read_successor(item.content).identities()
    values = {field.name: getattr(message, field.name) for field in fields(message)}
    return NumberChange(**values, new_identities=new) if new else message


def _message_problem(item: MessageItem, text: str | None, *, has_sender: bool) -> str:
    if not item.external_id:
        return "message without id"
    if not has_sender:
        return "message without sender"
    return f"message of type {item.kind or 'unknown'}" if text is None else ""


def _reply_to(item: MessageItem) -> str:
    """The id of the message this one is about: quoted, reacted to, edited or revoked."""
    about = item.content.get("message_id") or item.content.get("original_message_id")
    return as_identifier(about) or item.reply_to


def _ignore_reason(item: MessageItem, text: str) -> str:
    if item.group_id:
        return "group"
    if item.kind == "system" and as_text(item.content.get("type")) in _NUMBER_CHANGES:
        return _NUMBER_CHANGED
    if item.kind == "edit" and not as_object(item.content.get("message")):
        return "edit_without_content"
    return _NEVER_ANSWERED.get(item.kind, "" if text.strip() else "empty")


def _status_event(change: Change, raw: JsonObject) -> InboundEvent:
    item = StatusItem.read(raw)
    state = _STATES.get(item.state)
    if state is None or not item.external_id:
        reason = f"status {item.state or 'unknown'}" if item.external_id else "status without id"
        # Statuses share the id of their message: the state makes a name for this one.
        name = as_identifier(f"{item.external_id}:{item.state}") if item.external_id else ""
        return _unrecognized(reason, raw, external_id=name, route=change.route)
    return StatusUpdate(
        external_id=item.external_id,
        state=state,
        at=item.at,
        route=change.route,
        callback_data=item.callback_data,
        error_code=item.error_code,
        error_detail=item.error_detail,
    )


def _echo_event(change: Change, raw: JsonObject) -> InboundEvent:
    item = MessageItem.read(raw)
    identities = change.complete(item.receiver).identities()
    text = summary(item.kind, item.content, raw)
    if not item.external_id or not identities or text is None or item.kind == "revoke":
        reason = f"echo of type {item.kind or 'unknown'}"
        return _unrecognized(reason, raw, external_id=item.external_id, route=change.route)
    return BusinessEcho(
        external_id=item.external_id,
        identities=identities,
        text=text,
        sent_at=item.sent_at,
        raw=raw,
        route=change.route,
    )


def _error_event(change: Change, raw: JsonObject) -> InboundEvent:
    return _unrecognized(f"error {as_identifier(raw.get('code'))}".strip(), raw, route=change.route)


def _unrecognized(reason: str, raw: object, *, external_id: str = "", route: str = "") -> UnrecognizedItem:
    item = raw if isinstance(raw, dict) else {"item": raw}
    return UnrecognizedItem(reason=reason, raw=item, external_id=external_id, route=route)
