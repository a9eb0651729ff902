"""Whapi's webhook as typed values. Source: Whapi's "Incoming webhooks format" and its OpenAPI 1.8.7.
Every field can be missing or of another type than announced."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sessions_app.providers.base import Identity
from sessions_app.providers.fields import (
    JsonObject,
    as_identifier,
    as_list,
    as_object,
    as_sentence,
    as_text,
    as_time,
)
from sessions_app.providers.jids import crowd, identity_of


@dataclass(frozen=True, slots=True)
class MessageItem:
    """One of `messages`. `content` is the object named like the type; `crowd` says why nobody answers there.

    `source` tells what a message was written with: mobile, web, api, system, business_api (unsure whether
    there are more).
    """

    external_id: str
    kind: str
    content: JsonObject
    sender: Identity | None
    chat: Identity | None
    crowd: str
    sender_name: str
    from_me: bool
    source: str
    sent_at: datetime | None
    reply_to: str

    @classmethod
    def read(cls, raw: JsonObject) -> "MessageItem":
        kind = as_identifier(raw.get("type"))
        content = as_object(raw.get(kind))
        about = content.get("target") or as_object(raw.get("context")).get("quoted_id")
        return cls(
            external_id=as_identifier(raw.get("id")),
            kind=kind,
            content=content,
            sender=identity_of(raw.get("from")),
            chat=identity_of(raw.get("chat_id")),
            crowd=crowd(raw.get("chat_id")),
            sender_name=as_text(raw.get("from_name")),
            from_me=raw.get("from_me") is True,
            source=as_identifier(raw.get("source")),
            sent_at=as_time(raw.get("timestamp")),
            reply_to=as_identifier(about),
        )

    def customer(self) -> tuple[Identity, ...]:
        """The names of whom the message is from, or to: in a person's chat the chat itself is one of them."""
        if self.crowd:
            return tuple(filter(None, [self.sender or self.chat]))
        names = (self.chat,) if self.from_me else (self.sender, self.chat)
        return tuple(dict.fromkeys(name for name in names if name))


@dataclass(frozen=True, slots=True)
class StatusItem:
    """One of `statuses`. That a failure's reason comes in `error` is unsure: the documents show none."""

    external_id: str
    state: str
    at: datetime | None
    error_code: str
    error_detail: str

    @classmethod
    def read(cls, raw: JsonObject) -> "StatusItem":
        error = as_object(raw.get("error"))
        return cls(
            external_id=as_identifier(raw.get("id")),
            state=as_identifier(raw.get("status")),
            at=as_time(raw.get("timestamp")),
            error_code=as_identifier(error.get("code")),
            error_detail=error_detail(error),
        )


@dataclass(frozen=True, slots=True)
class ChatUpdate:
    """One of `chats_updates`; `changes` names the fields that differ (None: it does not say)."""

    chat: Identity | None
    crowd: str
    changes: Sequence[str] | None

    @classmethod
    def read(cls, raw: JsonObject) -> "ChatUpdate":
        after, before = as_object(raw.get("after_update")), as_object(raw.get("before_update"))
        address = after.get("id") or before.get("id")
        changes = raw.get("changes")
        return cls(
            chat=identity_of(address),
            crowd=crowd(address),
            changes=[as_identifier(name) for name in changes] if isinstance(changes, list) else None,
        )


@dataclass(frozen=True, slots=True)
class Envelope:
    """One webhook: one kind of thing, named in `event`. The lists hold whatever the sender put there."""

    messages: Sequence[Any]
    statuses: Sequence[Any]
    chat_updates: Sequence[Any]
    user: JsonObject
    event: str

    @classmethod
    def read(cls, raw: JsonObject) -> "Envelope":
        return cls(
            messages=as_list(raw.get("messages")),
            statuses=as_list(raw.get("statuses")),
            chat_updates=as_list(raw.get("chats_updates")),
            user=as_object(raw.get("user")),
            event=as_identifier(as_object(raw.get("event")).get("type")),
        )


def error_detail(error: JsonObject) -> str:
    """The most telling sentence of a Whapi error {code, message, details?, href?, support?}."""
    said = (as_sentence(error.get("message")), as_sentence(error.get("details")))
    return ": ".join(part for part in said if part)
