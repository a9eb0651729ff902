"""The instances of an Evolution server: each is a session. Source: Evolution API 2.x, its instances' routes.

Answers are read with care: {instance: {instanceName, state}}, {code, base64, pairingCode, count}, or
{instance, qrcode: {…}} when an instance is made.
"""

from collections.abc import Mapping

from sessions_app.providers.base import Account, ChannelHealth, DeviceEvent, HealthState
from sessions_app.providers.errors import ConfigurationError, PermanentError, ProviderError
from sessions_app.providers.evolution.client import headers
from sessions_app.providers.evolution.devices import code_of, state_event
from sessions_app.providers.fields import JsonObject, as_identifier, as_object
from sessions_app.providers.gateway_calls import ASK_SECONDS, Call, ask, require

CHECK_SECONDS = 5.0
_NAME_TAKEN = ("http_400", "http_403", "http_409")
_HEALTH: Mapping[str, HealthState] = {
    "open": HealthState.UP,
    "connecting": HealthState.DEGRADED,
    "close": HealthState.DOWN,
    "refused": HealthState.DOWN,
}


class EvolutionSessions:
    """A SessionGateway: `session_id` is the instance's name."""

    gives_codes = True

    def start_session(self, account: Account, session_id: str, *, owner_id: str = "") -> DeviceEvent | None:
        made: JsonObject = {}
        body = {"instanceName": session_id, "qrcode": True, "integration": "WHATSAPP-BAILEYS"}
        try:
            made = _ask(account, "POST", "create", json=body)
        except (ConfigurationError, PermanentError) as error:
            if error.code not in _NAME_TAKEN:
                raise
            # There is one of this name (403), or the key is wrong: then the next call says so too.
        return _told(session_id, made, only_code=True) or self.fetch_qr(account, session_id)

    def fetch_qr(self, account: Account, session_id: str) -> DeviceEvent | None:
        return _told(session_id, _ask(account, "GET", "connect", session_id))

    def restart_session(self, account: Account, session_id: str) -> DeviceEvent | None:
        """Unsure: 2.x takes a POST here, 1.x took a PUT."""
        return _told(session_id, _ask(account, "POST", "restart", session_id))

    def log_out_session(self, account: Account, session_id: str) -> DeviceEvent | None:
        _ask(account, "DELETE", "logout", session_id)
        return state_event(session_id, "close")

    def session_state(self, account: Account, session_id: str) -> DeviceEvent | None:
        return _told(session_id, _ask(account, "GET", "connectionState", session_id))


def check(account: Account) -> ChannelHealth:
    """Ask whether the channel's own instance is linked; takes a few seconds at the worst and never raises."""
    try:
        require(account, "instance")
        answer = _ask(account, "GET", "connectionState", account.instance, seconds=CHECK_SECONDS)
    except ProviderError as error:
        return ChannelHealth(HealthState.DOWN, str(error))
    state = as_identifier(as_object(answer.get("instance")).get("state"))
    return ChannelHealth(_HEALTH.get(state, HealthState.UNKNOWN), state)


def _ask(
    account: Account, method: str, *path: str, json: object = None, seconds: float = ASK_SECONDS
) -> JsonObject:
    require(account, "base_url", "access_token")
    call = Call(method, account, ("instance", *path), headers=headers(account), json=json, seconds=seconds)
    return ask(call, secret=account.access_token)


def _told(session_id: str, answer: JsonObject, *, only_code: bool = False) -> DeviceEvent | None:
    code = code_of(answer) or code_of(as_object(answer.get("qrcode")))
    if code:
        return DeviceEvent(session_id, status="pending", qr=code)
    instance = as_object(answer.get("instance"))
    state = as_identifier(instance.get("state")) or as_identifier(instance.get("status"))
    return state_event(session_id, state) if state and not only_code else None
