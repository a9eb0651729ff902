"""The short text form of what a customer sent over Whapi. Source: its OpenAPI 1.8.7, the message types."""

import re
from collections.abc import Callable, Mapping

from sessions_app.providers.fields import JsonObject, as_list, as_object, as_text, objects
from sessions_app.providers.wording import WORDS, limited, titled

_PHONES = re.compile(r"^TEL[^:\n]*:([^\r\n]+)", re.MULTILINE)


def summary(kind: str, content: JsonObject) -> str | None:
    """Return the text form of a message; None for a type that is not known."""
    summarize = _SUMMARIES.get(kind)
    return summarize(content) if summarize else None


def _joined(*parts: object) -> str:
    return " · ".join(text for part in parts if (text := as_text(part)))


def _text(content: JsonObject) -> str:
    return as_text(content.get("body"))


def _link(content: JsonObject) -> str:
    return _text(content) or _joined(content.get("title"), content.get("url"))


def _word(name: str) -> Callable[[JsonObject], str]:
    """What has a title at most: a picture's caption, a file's name, a poll's question."""

    def summarize(content: JsonObject) -> str:
        file_name = content.get("file_name") or content.get("filename")
        title = content.get("title") or content.get("name")
        return titled(WORDS[name], _joined(file_name, title, content.get("caption") or content.get("body")))

    return summarize


def _location(content: JsonObject) -> str:
    place = as_text(content.get("name")) or as_text(content.get("address"))
    point = f"({as_text(content.get('latitude'))}, {as_text(content.get('longitude'))})"
    return " ".join(part for part in (WORDS["location"], place, point) if part)


def _contact(content: JsonObject) -> str:
    return f"{WORDS['contacts']} {_card(content)}"


def _contacts(content: JsonObject) -> str:
    return f"{WORDS['contacts']} {limited(map(_card, objects(content.get('list'))))}"


def _card(card: JsonObject) -> str:
    phone = _PHONES.search(as_text(card.get("vcard")))
    return " ".join(part for part in (as_text(card.get("name")), phone[1].strip() if phone else "") if part)


def _reply(content: JsonObject) -> str:
    """The button or row that was chosen; {type, buttons_reply | list_reply {id, title, description?}}."""
    chosen = as_object(content.get("buttons_reply")) or as_object(content.get("list_reply"))
    return as_text(chosen.get("title")) or WORDS["interactive"]


def _poll(content: JsonObject) -> str:
    options = limited(as_text(option) for option in as_list(content.get("options")))
    return titled(WORDS["poll"], _joined(content.get("title"), options))


def _order(content: JsonObject) -> str:
    return f"{WORDS['order']} {_joined(content.get('title'), content.get('text'), content.get('order_id'))}"


def _action(content: JsonObject) -> str:
    """What was done to another message. That an edit's new words are in `edited_content` is unsure."""
    match content.get("type"):
        case "reaction":
            emoji = as_text(content.get("emoji"))
            return WORDS["reaction"].format(emoji=emoji) if emoji else WORDS["reaction_removed"]
        case "delete":
            return WORDS["revoke"]
        case "edit":
            return as_text(as_object(content.get("edited_content")).get("body")) or WORDS["edit"]
        case other:
            return titled(WORDS["unsupported"], as_text(other))


_SUMMARIES: Mapping[str, Callable[[JsonObject], str]] = {
    "text": _text,
    "link_preview": _link,
    **dict.fromkeys(("video", "short"), _word("video")),
    **dict.fromkeys(("document", "documentWithCaption"), _word("document")),
    **dict.fromkeys(("location", "live_location"), _location),
    **dict.fromkeys(("group_invite", "newsletter_invite", "admin_invite"), _word("invite")),
    **dict.fromkeys(("interactive", "buttons", "list", "hsm"), _word("interactive")),
    **dict.fromkeys(("unknown", "carousel"), _word("unsupported")),
    **dict.fromkeys(("product", "product_items"), _word("product")),
    **{
        name: _word(name)
        for name in (
            "image",
            "gif",
            "audio",
            "voice",
            "sticker",
            "catalog",
            "event",
            "call",
            "story",
            "system",
        )
    },
    "contact": _contact,
    "contact_list": _contacts,
    "reply": _reply,
    "poll": _poll,
    "order": _order,
    "action": _action,
}
