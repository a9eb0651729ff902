"""Whether a Whapi channel works: GET /health → {status: {code, text}}."""

from collections.abc import Mapping

from sessions_app.providers.base import Account, ChannelHealth, HealthState
from sessions_app.providers.errors import ProviderError
from sessions_app.providers.fields import as_object, as_sentence
from sessions_app.providers.whapi.client import ask

CHECK_SECONDS = 5.0
_STATES: Mapping[str, HealthState] = {
    "AUTH": HealthState.UP,
    **dict.fromkeys(("INIT", "LAUNCH", "SYNC_ERROR"), HealthState.DEGRADED),  # starting, or deaf on one ear
    **dict.fromkeys(("QR", "STOP", "ERROR"), HealthState.DOWN),  # not linked, not paid, broken
}


def check(account: Account) -> ChannelHealth:
    """Ask, without waking a channel that sleeps."""
    try:
        answer = ask(account, "health", seconds=CHECK_SECONDS)
    except ProviderError as error:
        return ChannelHealth(HealthState.DOWN, str(error))
    text = as_sentence(as_object(answer.get("status")).get("text"))
    return ChannelHealth(_STATES.get(text, HealthState.UNKNOWN), text)
