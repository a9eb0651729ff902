"""From the body of a Whapi webhook to events: all items, in their order."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from botsite.resilience.http import parse_json
from sessions_app.providers.base import (
    BusinessEcho,
    DeliveryState,
    InboundEvent,
    InboundMessage,
    ProfileChange,
    StatusUpdate,
    UnrecognizedItem,
)
from sessions_app.providers.errors import MalformedPayloadError
from sessions_app.providers.fields import JsonObject, as_identifier, as_text
from sessions_app.providers.jids import identity_of
from sessions_app.providers.whapi.payloads import ChatUpdate, Envelope, MessageItem, StatusItem
from sessions_app.providers.whapi.summaries import summary

_LISTS = ("messages", "statuses", "chats_updates")
_STATES: Mapping[str, DeliveryState] = {
    "pending": DeliveryState.ACCEPTED,  # Whapi has it, WhatsApp not yet: as much as a send's own answer says
    "sent": DeliveryState.ACCEPTED,
    "delivered": DeliveryState.DELIVERED,
    "read": DeliveryState.READ,
    "played": DeliveryState.READ,
    "failed": DeliveryState.FAILED,
}
_PEOPLE = ("mobile", "web")
_NEVER_ANSWERED = ("call", "event", "story", "system")
_ACTIONS: Mapping[str, str] = {"reaction": "reaction", "delete": "revoked", "edit": ""}
_PROFILE_FIELDS = {"name", "labels"}


def parse_webhook(body: bytes) -> list[InboundEvent]:
    """Return the events of a verified body; raises MalformedPayloadError when it is no envelope."""
    try:
        raw = parse_json(body)
    except ValueError as error:
        raise MalformedPayloadError from error
    if not isinstance(raw, dict) or not _is_envelope(raw):
        raise MalformedPayloadError
    return list(_events(Envelope.read(raw), raw))


def _is_envelope(raw: JsonObject) -> bool:
    return isinstance(raw.get("event"), dict) or any(isinstance(raw.get(name), list) for name in _LISTS)


def _events(envelope: Envelope, raw: JsonObject) -> Iterator[InboundEvent]:
    kinds: tuple[tuple[str, Sequence[Any], Callable[[JsonObject], InboundEvent]], ...] = (
        ("message", envelope.messages, _message_event),
        ("status", envelope.statuses, _status_event),
        ("chat update", envelope.chat_updates, _chat_event),
    )
    for name, items, event in kinds:
        for item in items:
            yield event(item) if isinstance(item, dict) else _unrecognized(f"{name} is no object", item)
    if envelope.event == "users":
        yield _user_event(envelope.user, raw)
    elif not any(items for _, items, _ in kinds):
        yield _unrecognized(f"event {envelope.event or 'without type'}", raw)


def _message_event(raw: JsonObject) -> InboundEvent:
    item = MessageItem.read(raw)
    if item.from_me:
        return _own_event(item, raw)
    text = summary(item.kind, item.content)
    problem = _message_problem(item, text)
    if problem or text is None:
        return _unrecognized(problem, raw, external_id=item.external_id)
    return InboundMessage(
        external_id=item.external_id,
        identities=item.customer(),
        kind="text" if item.kind == "link_preview" else item.kind,
        text=text,
        sent_at=item.sent_at,
        raw=raw,
        user_name=item.sender_name,
        reply_to=item.reply_to,
        ignore_reason=_ignore_reason(item, text),
    )


def _message_problem(item: MessageItem, text: str | None) -> str:
    if not item.external_id:
        return "message without id"
    if not item.customer():
        return "message without sender"
    return f"message of type {item.kind or 'unknown'}" if text is None else ""


def _ignore_reason(item: MessageItem, text: str) -> str:
    if item.crowd:
        return item.crowd
    if item.kind == "action":
        return _ACTIONS.get(as_text(item.content.get("type")), "action")
    return item.kind if item.kind in _NEVER_ANSWERED else ("" if text.strip() else "empty")


def _own_event(item: MessageItem, raw: JsonObject) -> InboundEvent:
    """What went out from the business's number: by a person, or by the API (ours comes back here too)."""
    if not item.external_id:
        return _unrecognized("own message without id", raw)
    if item.source == "api":
        return StatusUpdate(external_id=item.external_id, state=DeliveryState.ACCEPTED, at=item.sent_at)
    text = summary(item.kind, item.content)
    if (
        item.source not in _PEOPLE
        or item.crowd
        or not item.customer()
        or text is None
        or item.kind == "action"
    ):
        reason = f"own message of type {item.kind or 'unknown'}"
        return _unrecognized(reason, raw, external_id=item.external_id)
    return BusinessEcho(
        external_id=item.external_id,
        identities=item.customer(),
        text=text,
        sent_at=item.sent_at,
        raw=raw,
    )


def _status_event(raw: JsonObject) -> InboundEvent:
    item = StatusItem.read(raw)
    state = _STATES.get(item.state)
    if state is None or not item.external_id:
        reason = f"status {item.state or 'unknown'}" if item.external_id else "status without id"
        # Statuses share the id of their message: the state makes a name for this one.
        name = as_identifier(f"{item.external_id}:{item.state}") if item.external_id else ""
        return _unrecognized(reason, raw, external_id=name)
    return StatusUpdate(
        external_id=item.external_id,
        state=state,
        at=item.at,
        error_code=item.error_code,
        error_detail=item.error_detail,
    )


def _chat_event(raw: JsonObject) -> InboundEvent:
    """A chat's name or labels. Of other changes (read, muted: one a message) the first of a chat is kept."""
    update = ChatUpdate.read(raw)
    if update.chat is None or update.crowd:
        return _unrecognized("chat update of no person", raw)
    if update.changes is not None and not _PROFILE_FIELDS & set(update.changes):
        name = as_identifier(f"chat:{update.chat.value}")
        return _unrecognized("chat update of other fields", raw, external_id=name)
    return ProfileChange(identities=(update.chat,), raw=raw)


def _user_event(user: JsonObject, raw: JsonObject) -> InboundEvent:
    """{user: {id, name}, event: {type: "users"}}: whom it is about is unsure, for us anybody we know."""
    name = identity_of(user.get("id"))
    return ProfileChange(identities=(name,), raw=raw) if name else _unrecognized("user without id", raw)


def _unrecognized(reason: str, raw: object, *, external_id: str = "") -> UnrecognizedItem:
    item = raw if isinstance(raw, dict) else {"item": raw}
    return UnrecognizedItem(reason=reason, raw=item, external_id=external_id)
