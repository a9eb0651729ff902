"""From the body of a WAHA webhook to its one event."""

from collections.abc import Callable, Mapping

from botsite.resilience.http import parse_json
from sessions_app.providers.base import (
    BusinessEcho,
    DeliveryState,
    InboundEvent,
    InboundMessage,
    StatusUpdate,
    UnrecognizedItem,
)
from sessions_app.providers.errors import MalformedPayloadError
from sessions_app.providers.fields import JsonObject, as_identifier, as_object
from sessions_app.providers.jids import crowd
from sessions_app.providers.waha.content import read_content, read_reaction
from sessions_app.providers.waha.devices import status_event
from sessions_app.providers.waha.ids import own_id
from sessions_app.providers.waha.payloads import AckItem, Envelope, MessageItem

_STATES: Mapping[str, DeliveryState] = {
    "-1": DeliveryState.FAILED,
    "0": DeliveryState.ACCEPTED,  # WAHA has it, WhatsApp not yet: as much as a send's own answer says
    "1": DeliveryState.ACCEPTED,
    "2": DeliveryState.DELIVERED,
    "3": DeliveryState.READ,
    "4": DeliveryState.READ,
}


def parse_webhook(body: bytes) -> list[InboundEvent]:
    """Return the event of a verified body; raises MalformedPayloadError when it is no envelope.

    Messages and acknowledgements have the session as their route: a server sends the webhooks of all its
    sessions to the addresses it is given, and each has a number of its own.
    """
    try:
        raw = parse_json(body)
    except ValueError as error:
        raise MalformedPayloadError from error
    if not isinstance(raw, dict) or not isinstance(raw.get("event"), str):
        raise MalformedPayloadError
    envelope = Envelope.read(raw)
    read = _EVENTS.get(envelope.event)
    if read is None:
        # Presence, calls, chats, …: one of each is kept, for many servers send all they have.
        name = as_identifier(f"event:{envelope.event}")
        return [_unrecognized(f"event {envelope.event or 'without name'}", raw, external_id=name)]
    if not isinstance(envelope.payload, dict):
        return [_unrecognized(f"payload of {envelope.event} is no object", raw)]
    return [read(envelope, envelope.payload)]


def _message_event(envelope: Envelope, raw: JsonObject) -> InboundEvent:
    item = MessageItem.read(raw)
    if item.from_me:
        return _own_event(envelope, item, raw)
    if problem := _problem(item):
        return _unrecognized(problem, raw, external_id=item.external_id, route=envelope.session)
    kind, text, ignore_reason = read_content(raw)
    return _inbound(envelope, item, raw, kind=kind, text=text, ignore_reason=ignore_reason)


def _reaction_event(envelope: Envelope, raw: JsonObject) -> InboundEvent:
    item = MessageItem.read(raw)
    problem = "own reaction" if item.from_me else _problem(item)
    if problem:
        return _unrecognized(problem, raw, external_id=item.external_id, route=envelope.session)
    return _inbound(envelope, item, raw, kind="reaction", text=read_reaction(raw), ignore_reason="reaction")


def _inbound(
    envelope: Envelope, item: MessageItem, raw: JsonObject, *, kind: str, text: str, ignore_reason: str
) -> InboundMessage:
    return InboundMessage(
        external_id=item.external_id,
        identities=item.customer(),
        kind=kind,
        text=text,
        sent_at=item.sent_at,
        raw=raw,
        route=envelope.session,
        user_name=item.sender_name,
        reply_to=item.reply_to,
        ignore_reason=item.crowd or ignore_reason,
    )


def _problem(item: MessageItem) -> str:
    if not item.external_id:
        return "message without id"
    return "" if item.customer() else "message without sender"


def _own_event(envelope: Envelope, item: MessageItem, raw: JsonObject) -> InboundEvent:
    """What went out from the business's number: by a person ("app"), or over WAHA, by us or another program.

    Without a source (unsure whether all engines give one) it can be either.
    """
    external_id = own_id(item.external_id)
    if item.source == "api" and external_id:
        return StatusUpdate(external_id, DeliveryState.ACCEPTED, item.sent_at, route=envelope.session)
    kind, text, ignore_reason = read_content(raw)
    problem = _problem(item)
    if not problem and (item.crowd or ignore_reason):
        problem = f"own message of type {kind}"
    if problem:
        return _unrecognized(problem, raw, external_id=external_id, route=envelope.session)
    return BusinessEcho(
        external_id=external_id,
        identities=item.customer(),
        text=text,
        sent_at=item.sent_at,
        raw=raw,
        route=envelope.session,
        may_be_ours=item.source != "app",
    )


def _ack_event(envelope: Envelope, raw: JsonObject) -> InboundEvent:
    item = AckItem.read(raw)
    if not item.from_me or crowd(item.chat):
        # That a customer's message was read on the phone, or what a person wrote to a group: never of ours.
        name = as_identifier(f"ack:{item.chat}")  # the first of a chat is kept
        return _unrecognized("ack of another's message", raw, external_id=name, route=envelope.session)
    state, external_id = _STATES.get(item.ack), own_id(item.external_id)
    if state is None or not external_id:
        reason = f"ack {item.ack or 'unknown'}" if external_id else "ack without id"
        # Acknowledgements share the id of their message: the number makes a name for this one.
        name = as_identifier(f"{external_id}:{item.ack}") if external_id else ""
        return _unrecognized(reason, raw, external_id=name, route=envelope.session)
    failed = state == DeliveryState.FAILED
    return StatusUpdate(
        external_id, state, envelope.at, route=envelope.session, error_code="error" if failed else ""
    )


def _session_event(envelope: Envelope, raw: JsonObject) -> InboundEvent:
    word = as_identifier(raw.get("status"))
    if not (envelope.session and word):
        return _unrecognized("session.status without session or status", raw)
    return status_event(envelope.session, word, envelope.at)


def _unrecognized(
    reason: str, raw: JsonObject, *, external_id: str = "", route: str = ""
) -> UnrecognizedItem:
    return UnrecognizedItem(reason=reason, raw=as_object(raw), external_id=external_id, route=route)


_EVENTS: Mapping[str, Callable[[Envelope, JsonObject], InboundEvent]] = {
    **dict.fromkeys(("message", "message.any"), _message_event),
    "message.reaction": _reaction_event,
    "message.ack": _ack_event,
    "session.status": _session_event,
}
