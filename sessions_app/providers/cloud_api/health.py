"""Whether a number of the Cloud API works. Source: Meta's "Business phone numbers", quality_rating, v25.0."""

from botsite.resilience.http import HttpClient, HttpFailure, HttpReply
from sessions_app.providers.base import Account, ChannelHealth, HealthState
from sessions_app.providers.cloud_api.client import number_url
from sessions_app.providers.cloud_api.failures import refusal
from sessions_app.providers.fields import as_object, as_sentence

CHECK_SECONDS = 5.0

_http = HttpClient()


def check(account: Account) -> ChannelHealth:
    """Ask the Graph for the number's quality; RED means that Meta is about to restrict it."""
    if not (account.phone_number_id and account.access_token):
        return ChannelHealth(HealthState.DOWN, "the channel needs a phone number id and an access token")
    try:
        reply = _http.request(
            "GET",
            number_url(account),
            headers={"Authorization": f"Bearer {account.access_token}"},
            params={"fields": "verified_name,quality_rating"},
            total_seconds=CHECK_SECONDS,
            guarded=account.guarded,
        )
    except HttpFailure as error:
        return ChannelHealth(HealthState.DOWN, f"no answer: {error}")
    if refused := refusal(reply, secret=account.access_token):
        return ChannelHealth(HealthState.DOWN, str(refused))
    return _rated(reply)


def _rated(reply: HttpReply) -> ChannelHealth:
    try:
        quality = as_sentence(as_object(reply.json()).get("quality_rating"))
    except ValueError:
        return ChannelHealth(HealthState.UNKNOWN, "the answer is unreadable")
    state = HealthState.DEGRADED if quality == "RED" else HealthState.UP
    return ChannelHealth(state, f"quality {quality}" if quality else "")
