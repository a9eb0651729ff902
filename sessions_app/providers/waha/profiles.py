"""What WAHA knows of a contact: GET /api/contacts?contactId=&session= → {name?, pushname?, shortName?}."""

from sessions_app.providers.base import Account, Identity, Profile
from sessions_app.providers.errors import PermanentError
from sessions_app.providers.fields import JsonObject, as_sentence
from sessions_app.providers.gateway_calls import ASK_SECONDS, require
from sessions_app.providers.jids import chat_id
from sessions_app.providers.waha.client import SERVER, query


def fetch_profile(account: Account, identity: Identity) -> Profile:
    """Ask for a contact's names; labels are not told. Raises a ProviderError.

    That engines agree on the fields' names is unsure, so several are looked for.
    """
    require(account, "base_url", "access_token", "instance")
    address = chat_id(identity, server=SERVER)
    about = {"contactId": address, "session": account.instance}
    answer = query(account, "GET", "contacts", params=about, seconds=ASK_SECONDS)
    own_name = _first(answer, "pushname", "pushName", "notify")
    name = _first(answer, "name", "shortName") or own_name
    if not name:
        raise PermanentError("unknown_contact", "WAHA knows no name of this contact")
    return Profile(name=name, user_name=own_name)


def _first(answer: JsonObject, *names: str) -> str:
    return next(filter(None, (as_sentence(answer.get(name)) for name in names)), "")
