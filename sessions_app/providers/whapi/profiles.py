"""What Whapi knows of a contact: its chat (the name in the phone's address book, labels) and its profile."""

from sessions_app.providers.base import Account, Identity, Profile
from sessions_app.providers.errors import PermanentError
from sessions_app.providers.fields import JsonObject, as_sentence, objects
from sessions_app.providers.jids import chat_id
from sessions_app.providers.whapi.client import ask

ASK_SECONDS = 8.0
"""For each of the two questions."""


def fetch_profile(account: Account, identity: Identity) -> Profile:
    """Ask for `GET /chats/{id}` and `GET /contacts/{id}/profile`. Raises a ProviderError.

    A contact without a chat has no labels to tell, and one that hides its profile is known by its chat alone;
    PermanentError when Whapi knows neither.
    """
    address = chat_id(identity)
    chat = _known(account, "chats", address)
    profile = _known(account, "contacts", address, "profile")
    if chat is None and profile is None:
        raise PermanentError("unknown_contact", "Whapi knows neither chat nor profile")
    own_name = _text(profile, "pushname") or _text(profile, "name")
    return Profile(name=_text(chat, "name") or own_name, user_name=own_name, labels=_labels(chat))


def _known(account: Account, *path: str) -> JsonObject | None:
    try:
        return ask(account, *path, seconds=ASK_SECONDS)
    except PermanentError:
        return None


def _text(answer: JsonObject | None, name: str) -> str:
    return as_sentence((answer or {}).get(name))


def _labels(chat: JsonObject | None) -> tuple[str, ...] | None:
    """Labels are {id, name, color}; a chat without any may lack the list (unsure), which then means none."""
    if chat is None:
        return None
    names = (as_sentence(label.get("name")) for label in objects(chat.get("labels")))
    return tuple(name for name in names if name)
