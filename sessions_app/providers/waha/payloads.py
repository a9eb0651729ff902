"""WAHA's webhook as typed values. Source: WAHA's "Events"; `_data` is the engine's own and differs by engine.
Every field can be missing or of another type than announced."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sessions_app.providers.base import Identity
from sessions_app.providers.fields import JsonObject, as_identifier, as_object, as_text, as_time
from sessions_app.providers.jids import crowd, identity_of
from sessions_app.providers.waha.ids import chat_of, message_id, own_id

SESSION_ID_LIMIT = 128


@dataclass(frozen=True, slots=True)
class MessageItem:
    """The payload of `message`, `message.any`, `message.reaction`. `crowd` says why nobody answers there."""

    external_id: str
    chat: Identity | None
    chat_alternative: Identity | None
    participant: Identity | None
    crowd: str
    from_me: bool
    source: str
    sender_name: str
    sent_at: datetime | None
    reply_to: str

    @classmethod
    def read(cls, raw: JsonObject) -> "MessageItem":
        name, from_me = message_id(raw.get("id")), raw.get("fromMe") is True
        chat = chat_of(name) or as_identifier(raw.get("to") if from_me else raw.get("from"))
        data = as_object(raw.get("_data"))
        key, info = as_object(data.get("key")), as_object(data.get("Info"))
        alternative = key.get("remoteJidAlt") or key.get("senderPn")
        if not from_me:
            alternative = alternative or info.get("SenderAlt")
        about = as_object(raw.get("replyTo")).get("id") or as_object(raw.get("reaction")).get("messageId")
        quoted = message_id(about)
        return cls(
            external_id=name,
            chat=identity_of(chat),
            chat_alternative=identity_of(alternative),
            participant=identity_of(raw.get("participant")),
            crowd=crowd(chat),
            from_me=from_me,
            source=as_identifier(raw.get("source")),
            sender_name=as_text(data.get("notifyName") or data.get("pushName") or info.get("PushName")),
            sent_at=as_time(raw.get("timestamp")),
            reply_to=own_id(quoted) if quoted.startswith("true_") else quoted,
        )

    def customer(self) -> tuple[Identity, ...]:
        """The names of whom the message is from, or to: an `@lid` and the number that may come beside it."""
        if self.crowd:
            return tuple(filter(None, [self.participant or self.chat]))
        return tuple(dict.fromkeys(name for name in (self.chat, self.chat_alternative) if name))


@dataclass(frozen=True, slots=True)
class AckItem:
    """The payload of `message.ack`; `ack` is a number as text, `from_me` false for a customer's message."""

    external_id: str
    ack: str
    chat: str
    from_me: bool

    @classmethod
    def read(cls, raw: JsonObject) -> "AckItem":
        name = message_id(raw.get("id"))
        return cls(
            external_id=name,
            ack=as_identifier(raw.get("ack")),
            chat=chat_of(name) or as_identifier(raw.get("from")),
            from_me=raw.get("fromMe") is not False and not name.startswith("false_"),
        )


@dataclass(frozen=True, slots=True)
class Envelope:
    """One webhook: one event of one session, empty where its name is longer than a session's can be."""

    event: str
    session: str
    at: datetime | None
    payload: Any

    @classmethod
    def read(cls, raw: JsonObject) -> "Envelope":
        session = as_identifier(raw.get("session"))
        return cls(
            event=as_identifier(raw.get("event")),
            session=session if len(session) <= SESSION_ID_LIMIT else "",
            at=as_time(raw.get("timestamp")),
            payload=raw.get("payload"),
        )
