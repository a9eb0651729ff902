"""The webhook of Meta's Cloud API as typed values. Source: Meta's webhook reference, "messages" and
"smb_message_echoes", v25.0. Every field can be missing or of another type than announced."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sessions_app.providers.base import Identity, IdentityKind
from sessions_app.providers.fields import (
    JsonObject,
    as_identifier,
    as_list,
    as_object,
    as_sentence,
    as_text,
    as_time,
    first_object,
    objects,
)


@dataclass(frozen=True, slots=True)
class Contact:
    """A person of the change's `contacts`: phone number and business-scoped id, either can be empty."""

    wa_id: str
    user_id: str
    profile_name: str = ""
    user_name: str = ""

    @classmethod
    def read(cls, raw: JsonObject) -> "Contact":
        profile = as_object(raw.get("profile"))
        return cls(
            wa_id=as_identifier(raw.get("wa_id")),
            user_id=as_identifier(raw.get("user_id")),
            profile_name=as_text(profile.get("name")),
            user_name=as_text(profile.get("username")),
        )

    @classmethod
    def read_successor(cls, raw: JsonObject) -> "Contact":
        """The new names in a system message about a changed number (`new_wa_id` in its older form)."""
        wa_id = as_identifier(raw.get("wa_id")) or as_identifier(raw.get("new_wa_id"))
        return cls(wa_id=wa_id, user_id=as_identifier(raw.get("user_id")))

    def is_same_person(self, other: "Contact") -> bool:
        return bool(
            (self.wa_id and self.wa_id == other.wa_id) or (self.user_id and self.user_id == other.user_id)
        )

    def completed_by(self, other: "Contact") -> "Contact":
        """The same person with what the other entry knows beside it."""
        return Contact(
            self.wa_id or other.wa_id, self.user_id or other.user_id, other.profile_name, other.user_name
        )

    def identities(self) -> tuple[Identity, ...]:
        """The person's names; the phone number first: Meta recommends to answer to it where it is known."""
        names = ((IdentityKind.WA_ID, self.wa_id), (IdentityKind.BSUID, self.user_id))
        return tuple(Identity(kind, value) for kind, value in names if value)


@dataclass(frozen=True, slots=True)
class MessageItem:
    """One of `messages` or `message_echoes`. `content` is the object named like the type."""

    external_id: str
    kind: str
    content: JsonObject
    sender: Contact
    receiver: Contact
    sent_at: datetime | None
    reply_to: str
    group_id: str
    raw: JsonObject

    @classmethod
    def read(cls, raw: JsonObject) -> "MessageItem":
        kind = as_identifier(raw.get("type"))
        return cls(
            external_id=as_identifier(raw.get("id")),
            kind=kind,
            content=_content(kind, raw),
            sender=Contact(as_identifier(raw.get("from")), as_identifier(raw.get("from_user_id"))),
            receiver=Contact(as_identifier(raw.get("to")), as_identifier(raw.get("to_user_id"))),
            sent_at=as_time(raw.get("timestamp")),
            reply_to=as_identifier(as_object(raw.get("context")).get("id")),
            group_id=as_identifier(raw.get("group_id")),
            raw=raw,
        )


@dataclass(frozen=True, slots=True)
class StatusItem:
    """One of `statuses`; the error is the first of its `errors`."""

    external_id: str
    state: str
    at: datetime | None
    callback_data: str
    error_code: str
    error_detail: str
    raw: JsonObject

    @classmethod
    def read(cls, raw: JsonObject) -> "StatusItem":
        error = first_object(raw.get("errors"))
        return cls(
            external_id=as_identifier(raw.get("id")),
            state=as_identifier(raw.get("status")),
            at=as_time(raw.get("timestamp")),
            callback_data=as_identifier(raw.get("biz_opaque_callback_data")),
            error_code=as_identifier(error.get("code")),
            error_detail=error_detail(error),
            raw=raw,
        )


@dataclass(frozen=True, slots=True)
class Change:
    """One of the `changes` of an entry; the lists hold whatever the sender put there."""

    field: str
    route: str
    contacts: Sequence[Contact]
    messages: Sequence[Any]
    statuses: Sequence[Any]
    echoes: Sequence[Any]
    errors: Sequence[Any]
    raw: JsonObject

    @classmethod
    def read(cls, raw: JsonObject) -> "Change":
        value = as_object(raw.get("value"))
        return cls(
            field=as_identifier(raw.get("field")),
            route=as_identifier(as_object(value.get("metadata")).get("phone_number_id")),
            contacts=[Contact.read(contact) for contact in objects(value.get("contacts"))],
            messages=as_list(value.get("messages")),
            statuses=as_list(value.get("statuses")),
            echoes=as_list(value.get("message_echoes")),
            errors=as_list(value.get("errors")),
            raw=raw,
        )

    def complete(self, person: Contact) -> Contact:
        """Add what the person's own entry of `contacts` knows.

        A message that names nobody belongs to the only contact, if there is only one of both.
        """
        if not person.identities() and len(self.contacts) == len(self.messages) == 1:
            return self.contacts[0]
        return next((person.completed_by(c) for c in self.contacts if c.is_same_person(person)), person)


def error_detail(error: JsonObject) -> str:
    """The most telling sentence of a Graph error: its details, else its message or title."""
    details = as_object(error.get("error_data")).get("details")
    return as_sentence(details) or as_sentence(error.get("message")) or as_sentence(error.get("title"))


def _content(kind: str, raw: JsonObject) -> JsonObject:
    content = raw.get(kind)
    # "unsupported" and some others carry their content as a list or not at all.
    return content if isinstance(content, dict) else {"items": as_list(content)}
