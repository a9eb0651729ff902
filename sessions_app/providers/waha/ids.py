"""WAHA's names of messages: `false_573001234567@c.us_3EB0…`: ours or not, the chat, WhatsApp's own id.

A group's has the author behind it. Some engines and webhooks give WhatsApp's own id alone, or write the chat
once as a number and once as `…@lid`: what is ours is therefore known by WhatsApp's own id, which stays the
same. A customer's message keeps the whole name, for it tells the chat to whoever is to mark it as read."""

import re

from sessions_app.providers.fields import as_identifier, as_object

_WHOLE = re.compile(r"(true|false)_([^_\s]+@[^_\s]+)_([^_\s]+)(?:_\S+)?")


def message_id(value: object) -> str:
    """Return a message's name as it was given: a text, or an object with `_serialized` or `id` in it."""
    if isinstance(value, dict):
        return as_identifier(value.get("_serialized")) or as_identifier(value.get("id"))
    return as_identifier(value)


def own_id(name: str) -> str:
    """Return WhatsApp's own id out of a message's name."""
    whole = _WHOLE.fullmatch(name)
    return whole[3] if whole else name


def chat_of(name: str) -> str:
    """Return the chat that a message's name tells; empty: it does not."""
    whole = _WHOLE.fullmatch(name)
    return whole[2] if whole else ""


def answered_id(answer: object) -> str:
    """Return WhatsApp's own id from the answer to a send, which has the shape of the engine's own message."""
    answer = as_object(answer)
    key = as_object(answer.get("key")) or as_object(as_object(answer.get("_data")).get("key"))
    return own_id(message_id(answer.get("id"))) or as_identifier(key.get("id"))
