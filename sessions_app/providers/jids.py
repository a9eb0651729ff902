"""WhatsApp's own names for chats, as gateways of linked phones write them: `573001234567@s.whatsapp.net` (or
`…@c.us`) is a person, `…@lid` one without a shown number, `…@g.us` a group, `…@newsletter` a channel,
`status@broadcast` the stories."""

from sessions_app.providers.base import Identity, IdentityKind
from sessions_app.providers.errors import PermanentError
from sessions_app.providers.fields import as_identifier

_PERSON = "s.whatsapp.net"
_CROWDS = {"g.us": "group", "newsletter": "newsletter", "broadcast": "broadcast"}


def identity_of(value: object) -> Identity | None:
    """Return the name that an id stands for, with or without its domain; None for what is no id."""
    text = as_identifier(value).strip()
    name, _, domain = text.partition("@")
    if not name:
        return None
    if domain in ("", _PERSON, "c.us"):
        digits = name.removeprefix("+").partition(":")[0]  # "…:12" would name one of a person's devices
        return Identity(IdentityKind.WA_ID, digits) if digits.isascii() and digits.isdecimal() else None
    return Identity(IdentityKind.LID if domain == "lid" else IdentityKind.JID, text)


def crowd(chat_id: object) -> str:
    """Return why nobody answers in this chat: group, newsletter, broadcast; empty for a person's chat."""
    return _CROWDS.get(as_identifier(chat_id).rpartition("@")[2], "")


def chat_id(identity: Identity, *, server: str = _PERSON) -> str:
    """Return the id of a person's chat. Raises PermanentError for a name that linked phones do not know.

    `server` is what the gateway writes behind a phone number.
    """
    match identity.kind:
        case IdentityKind.WA_ID:
            return f"{identity.value}@{server}"
        case IdentityKind.JID | IdentityKind.LID:
            return identity.value
        case kind:
            raise PermanentError("recipient_kind", f"a linked phone cannot address a {kind}")
