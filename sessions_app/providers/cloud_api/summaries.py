"""The short text form of what a customer sent, for the transcript and for the model."""

from collections.abc import Callable, Mapping
from typing import Any

from botsite.resilience.http import parse_json
from sessions_app.providers.cloud_api.payloads import error_detail
from sessions_app.providers.fields import JsonObject, as_object, as_text, first_object, objects
from sessions_app.providers.wording import WORDS, limited, titled


def summary(kind: str, content: JsonObject, raw: JsonObject) -> str | None:
    """Return the text form of a message; None for a type that is not known."""
    summarize = _SUMMARIES.get(kind)
    return summarize(content, raw) if summarize else None


def _text(content: JsonObject, _raw: JsonObject) -> str:
    return as_text(content.get("body"))


def _media(kind: str) -> Callable[[JsonObject, JsonObject], str]:
    def summarize(content: JsonObject, _raw: JsonObject) -> str:
        parts = (as_text(content.get("filename")), as_text(content.get("caption")))
        return titled(WORDS[kind], " · ".join(part for part in parts if part))

    return summarize


def _audio(content: JsonObject, _raw: JsonObject) -> str:
    return WORDS["voice" if content.get("voice") is True else "audio"]


def _location(content: JsonObject, _raw: JsonObject) -> str:
    place = as_text(content.get("name")) or as_text(content.get("address"))
    point = f"({as_text(content.get('latitude'))}, {as_text(content.get('longitude'))})"
    return " ".join(part for part in (WORDS["location"], place, point) if part)


def _contacts(content: JsonObject, _raw: JsonObject) -> str:
    return f"{WORDS['contacts']} {limited(map(_contact, objects(content.get('items'))))}"


def _contact(card: JsonObject) -> str:
    phone = first_object(card.get("phones"))
    name = as_text(as_object(card.get("name")).get("formatted_name"))
    return " ".join(part for part in (name, as_text(phone.get("phone"))) if part)


def _interactive(content: JsonObject, _raw: JsonObject) -> str:
    chosen = as_object(content.get("button_reply")) or as_object(content.get("list_reply"))
    if title := as_text(chosen.get("title")):
        return title
    form = as_object(content.get("nfm_reply"))
    return _form(form) if form else WORDS["interactive"]


def _form(reply: JsonObject) -> str:
    """A filled-in flow. Its answers are JSON within a string; the token of the flow is no answer."""
    try:
        answers = as_object(parse_json(as_text(reply.get("response_json")).encode(errors="replace")))
    except ValueError:
        answers = {}
    said = limited(f"{name}: {_answer(value)}" for name, value in answers.items() if name != "flow_token")
    return titled(WORDS["form"], said or as_text(reply.get("body")))


def _answer(value: Any) -> str:
    return " / ".join(as_text(item) for item in value) if isinstance(value, list) else as_text(value)


def _button(content: JsonObject, _raw: JsonObject) -> str:
    return as_text(content.get("text")) or as_text(content.get("payload"))


def _order(content: JsonObject, _raw: JsonObject) -> str:
    items = objects(content.get("product_items"))
    listed = limited(
        f"{as_text(item.get('quantity'))} × {as_text(item.get('product_retailer_id'))}" for item in items
    )
    said = " · ".join(part for part in (listed, as_text(content.get("text"))) if part)
    return f"{WORDS['order']} {said}"


def _reaction(content: JsonObject, _raw: JsonObject) -> str:
    emoji = as_text(content.get("emoji"))
    return WORDS["reaction"].format(emoji=emoji) if emoji else WORDS["reaction_removed"]


def _system(content: JsonObject, _raw: JsonObject) -> str:
    return titled(WORDS["system"], as_text(content.get("body")))


def _unsupported(_content: JsonObject, raw: JsonObject) -> str:
    return titled(WORDS["unsupported"], error_detail(first_object(raw.get("errors"))))


def _edit(content: JsonObject, _raw: JsonObject) -> str:
    """The new words. An edit within an edit does not exist and is not followed."""
    new = as_object(content.get("message"))
    kind = as_text(new.get("type"))
    edited = summary(kind, as_object(new.get(kind)), new) if kind != "edit" else None
    return edited or WORDS["edit"]


def _revoke(_content: JsonObject, _raw: JsonObject) -> str:
    return WORDS["revoke"]


_SUMMARIES: Mapping[str, Callable[[JsonObject, JsonObject], str]] = {
    "text": _text,
    "image": _media("image"),
    "video": _media("video"),
    "document": _media("document"),
    "sticker": _media("sticker"),
    "audio": _audio,
    "location": _location,
    "contacts": _contacts,
    "interactive": _interactive,
    "button": _button,
    "order": _order,
    "reaction": _reaction,
    "system": _system,
    "unsupported": _unsupported,
    "edit": _edit,
    "revoke": _revoke,
}
