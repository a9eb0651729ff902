"""Evolution's webhook as typed values. Source: Evolution API 2.x and the messages of Baileys inside it.
Every field can be missing or of another type than announced."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sessions_app.providers.base import Identity
from sessions_app.providers.evolution.content import Content
from sessions_app.providers.fields import JsonObject, as_identifier, as_object, as_text, as_time
from sessions_app.providers.jids import crowd, identity_of

SESSION_ID_LIMIT = 128


@dataclass(frozen=True, slots=True)
class MessageItem:
    """The data of `messages.upsert` and `send.message`. `crowd` says why nobody answers in this chat."""

    external_id: str
    chat: Identity | None
    chat_alternative: Identity | None
    participant: Identity | None
    crowd: str
    from_me: bool
    sender_name: str
    content: Content
    reply_to: str
    sent_at: datetime | None

    @classmethod
    def read(cls, raw: JsonObject) -> "MessageItem":
        key = as_object(raw.get("key"))
        content = Content.read(as_object(raw.get("message")))
        return cls(
            external_id=as_identifier(key.get("id")),
            chat=identity_of(key.get("remoteJid")),
            chat_alternative=identity_of(key.get("remoteJidAlt") or key.get("senderPn")),
            participant=identity_of(key.get("participantAlt") or key.get("participant")),
            crowd=crowd(key.get("remoteJid")),
            from_me=key.get("fromMe") is True,
            sender_name=as_text(raw.get("pushName")),
            content=content,
            reply_to=content.about or as_identifier(as_object(raw.get("contextInfo")).get("stanzaId")),
            sent_at=as_time(raw.get("messageTimestamp")),
        )

    def customer(self) -> tuple[Identity, ...]:
        """The names of whom the message is from, or to: an `@lid` and the number that may come beside it."""
        if self.crowd:
            return tuple(filter(None, [self.participant or self.chat]))
        return tuple(dict.fromkeys(name for name in (self.chat, self.chat_alternative) if name))


@dataclass(frozen=True, slots=True)
class StatusItem:
    """The data of `messages.update`. `from_me` is false when it is about a customer's message."""

    external_id: str
    state: str
    chat: str
    from_me: bool

    @classmethod
    def read(cls, raw: JsonObject) -> "StatusItem":
        key = as_object(raw.get("key"))
        return cls(
            external_id=as_identifier(raw.get("keyId")) or as_identifier(key.get("id")),
            state=as_identifier(raw.get("status")),
            chat=as_identifier(raw.get("remoteJid")) or as_identifier(key.get("remoteJid")),
            from_me=raw.get("fromMe", key.get("fromMe")) is not False,
        )


@dataclass(frozen=True, slots=True)
class Envelope:
    """One webhook: `event` is its name with dots, `items` its data (a list of one, where it is none).

    `instance` names the session; empty where it is missing or longer than a session's name can be.
    """

    event: str
    instance: str
    items: Sequence[Any]

    @classmethod
    def read(cls, raw: JsonObject) -> "Envelope":
        data = raw.get("data")
        instance = as_identifier(raw.get("instance")) or as_identifier(as_object(data).get("instance"))
        return cls(
            event=as_identifier(raw.get("event")).lower().replace("_", "."),
            instance=instance if len(instance) <= SESSION_ID_LIMIT else "",
            items=data if isinstance(data, list) else [data],
        )
