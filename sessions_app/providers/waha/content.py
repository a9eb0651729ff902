"""What a message of WAHA holds, and its short text form."""

from collections.abc import Mapping

from sessions_app.providers.fields import JsonObject, as_list, as_object, as_text
from sessions_app.providers.wording import WORDS, titled

# The engine's own word (`_data.type`), where it gives one, tells more than the file's type.
_TYPES: Mapping[str, str] = {
    "audio": "audio",
    "call_log": "call",
    "document": "document",
    "image": "image",
    "interactive": "interactive",
    "order": "order",
    "poll_creation": "poll",
    "product": "product",
    "ptt": "voice",
    "revoked": "revoke",
    "sticker": "sticker",
    "video": "video",
}
_NEVER_ANSWERED: Mapping[str, str] = {"call": "call", "revoke": "revoked"}
_MEDIA = ("image", "video", "audio")


def read_content(raw: JsonObject) -> tuple[str, str, str]:
    """Return kind, text and the reason why nobody answers it (empty: somebody does)."""
    if location := as_object(raw.get("location")):
        return "location", _location(location), ""
    if cards := as_list(raw.get("vCards")):
        return "contacts", f"{WORDS['contacts']} {_names(cards)}".strip(), ""
    body = as_text(raw.get("body"))
    kind = _TYPES.get(as_text(as_object(raw.get("_data")).get("type")), "")
    if raw.get("hasMedia") is True or raw.get("media"):
        return _media(raw, kind, body)
    if kind and not body.strip():
        return kind, WORDS[kind], _NEVER_ANSWERED.get(kind, "")
    return "text", body, "" if body.strip() else "empty"


def read_reaction(raw: JsonObject) -> str:
    emoji = as_text(as_object(raw.get("reaction")).get("text"))
    return WORDS["reaction"].format(emoji=emoji) if emoji else WORDS["reaction_removed"]


def _media(raw: JsonObject, kind: str, caption: str) -> tuple[str, str, str]:
    """A file: its kind by the engine's word, else by its type; documents are what is left."""
    media = as_object(raw.get("media"))
    mimetype = as_text(media.get("mimetype"))
    kind = kind or next((name for name in _MEDIA if mimetype.startswith(f"{name}/")), "document")
    details = " · ".join(filter(None, (as_text(media.get("filename")), caption)))
    return kind, titled(WORDS[kind], details), ""


def _location(location: JsonObject) -> str:
    place = as_text(location.get("name")) or as_text(location.get("description"))
    point = f"({as_text(location.get('latitude'))}, {as_text(location.get('longitude'))})"
    return " ".join(filter(None, (WORDS["location"], place, point)))


def _names(cards: list[object]) -> str:
    """The names (FN) of cards, which are texts."""
    lines = [line for card in cards for line in as_text(card).splitlines() if line.startswith("FN:")]
    return ", ".join(line.removeprefix("FN:").strip() for line in lines[:10])
