"""What a message of Baileys holds, and its short text form: {conversation: …} or {…Message: {…}}."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sessions_app.providers.fields import JsonObject, as_identifier, as_object, as_text, objects
from sessions_app.providers.wording import WORDS, limited, titled

_WRAPPERS = (
    "ephemeralMessage",
    "viewOnceMessage",
    "viewOnceMessageV2",
    "viewOnceMessageV2Extension",
    "documentWithCaptionMessage",
    "deviceSentMessage",
)
_DEPTH = 5
_REVOKED, _EDITED = ("REVOKE", "0"), ("MESSAGE_EDIT", "14")


@dataclass(frozen=True, slots=True)
class Content:
    """A message's kind and words; `text` None: it is of no type that is known.

    `about` is the id of the message it answers or changes; `ignore_reason` is set for what nobody answers.
    """

    kind: str
    text: str | None
    about: str = ""
    ignore_reason: str = ""

    @classmethod
    def read(cls, message: JsonObject) -> "Content":
        message = _unwrapped(message)
        if words := as_text(message.get("conversation")):
            return cls("text", words)
        for name, read in _READERS.items():
            if isinstance(message.get(name), dict):
                return read(as_object(message[name]))
        if "conversation" in message:
            return cls("text", "", ignore_reason="empty")
        names = [name for name in message if name.endswith("Message")]
        return cls(as_identifier(names[0]) if names else "", None)


def _unwrapped(message: JsonObject) -> JsonObject:
    for _ in range(_DEPTH):
        wrapper = next((as_object(message[name]) for name in _WRAPPERS if name in message), {})
        inner = as_object(wrapper.get("message"))
        if not inner:
            break
        message = inner
    return message


def _about(body: JsonObject) -> str:
    return as_identifier(as_object(body.get("contextInfo")).get("stanzaId"))


def _text(body: JsonObject) -> Content:
    words = as_text(body.get("text"))
    return Content("text", words, _about(body), "" if words.strip() else "empty")


def _media(kind: str) -> Callable[[JsonObject], Content]:
    def read(body: JsonObject) -> Content:
        parts = (as_text(body.get("fileName")), as_text(body.get("caption")))
        return Content(kind, titled(WORDS[kind], " · ".join(filter(None, parts))), _about(body))

    return read


def _audio(body: JsonObject) -> Content:
    return _media("voice" if body.get("ptt") is True else "audio")(body)


def _named(kind: str, *names: str) -> Callable[[JsonObject], Content]:
    """What has a title at most, in the first of these fields that says anything."""

    def read(body: JsonObject) -> Content:
        title = next(filter(None, (as_text(body.get(name)) for name in names)), "")
        return Content(kind, titled(WORDS[kind], title), _about(body))

    return read


def _chosen(*names: str) -> Callable[[JsonObject], Content]:
    """A button or row that was chosen: its words are the message."""

    def read(body: JsonObject) -> Content:
        words = next(filter(None, (as_text(body.get(name)) for name in names)), "")
        return Content("interactive", words or WORDS["interactive"], _about(body))

    return read


def _form(body: JsonObject) -> Content:
    words = as_text(as_object(body.get("body")).get("text"))
    return Content("interactive", words or WORDS["interactive"], _about(body))


def _location(body: JsonObject) -> Content:
    place = as_text(body.get("name")) or as_text(body.get("address"))
    point = f"({as_text(body.get('degreesLatitude'))}, {as_text(body.get('degreesLongitude'))})"
    return Content("location", " ".join(filter(None, (WORDS["location"], place, point))), _about(body))


def _contact(body: JsonObject) -> Content:
    name = as_text(body.get("displayName"))
    return Content("contacts", f"{WORDS['contacts']} {name}".strip(), _about(body))


def _contacts(body: JsonObject) -> Content:
    names = limited(as_text(card.get("displayName")) for card in objects(body.get("contacts")))
    return Content("contacts", f"{WORDS['contacts']} {names}".strip(), _about(body))


def _poll(body: JsonObject) -> Content:
    options = limited(as_text(option.get("optionName")) for option in objects(body.get("options")))
    title = " · ".join(filter(None, (as_text(body.get("name")), options)))
    return Content("poll", titled(WORDS["poll"], title), _about(body))


def _product(body: JsonObject) -> Content:
    title = as_text(as_object(body.get("product")).get("title"))
    return Content("product", titled(WORDS["product"], title), _about(body))


def _order(body: JsonObject) -> Content:
    parts = (as_text(body.get("orderTitle")), as_text(body.get("message")))
    return Content("order", f"{WORDS['order']} {' · '.join(filter(None, parts))}".strip(), _about(body))


def _reaction(body: JsonObject) -> Content:
    emoji = as_text(body.get("text"))
    words = WORDS["reaction"].format(emoji=emoji) if emoji else WORDS["reaction_removed"]
    return Content("reaction", words, as_identifier(as_object(body.get("key")).get("id")), "reaction")


def _protocol(body: JsonObject) -> Content:
    """What was done to another message: {key, type, editedMessage?}; types come as names or numbers."""
    about, kind = as_identifier(as_object(body.get("key")).get("id")), as_text(body.get("type"))
    if kind in _REVOKED and "type" in body:
        return Content("revoke", WORDS["revoke"], about, "revoked")
    if kind in _EDITED:
        edited = Content.read(as_object(body.get("editedMessage")))
        return Content("edit", edited.text or WORDS["edit"], about)
    return Content("protocol", WORDS["system"], about, "system")


def _edited(body: JsonObject) -> Content:
    return Content.read(as_object(body.get("message")))


_READERS: Mapping[str, Callable[[JsonObject], Content]] = {
    "extendedTextMessage": _text,
    "imageMessage": _media("image"),
    **dict.fromkeys(("videoMessage", "ptvMessage"), _media("video")),
    "audioMessage": _audio,
    "documentMessage": _media("document"),
    "stickerMessage": _media("sticker"),
    **dict.fromkeys(("locationMessage", "liveLocationMessage"), _location),
    "contactMessage": _contact,
    "contactsArrayMessage": _contacts,
    "buttonsResponseMessage": _chosen("selectedDisplayText", "selectedButtonId"),
    "templateButtonReplyMessage": _chosen("selectedDisplayText", "selectedId"),
    "listResponseMessage": _chosen("title", "description"),
    "interactiveResponseMessage": _form,
    **dict.fromkeys(("pollCreationMessage", "pollCreationMessageV2", "pollCreationMessageV3"), _poll),
    "pollUpdateMessage": lambda _: Content("poll", WORDS["poll"], ignore_reason="poll"),
    "productMessage": _product,
    "orderMessage": _order,
    "groupInviteMessage": _named("invite", "groupName"),
    "eventMessage": _named("event", "name"),
    "reactionMessage": _reaction,
    "editedMessage": _edited,
    "protocolMessage": _protocol,
}
