"""The sessions of a WAHA server. Source: WAHA's "Sessions": {name, status, config, me?}."""

from sessions_app.providers.base import Account, ChannelHealth, DeviceEvent, HealthState
from sessions_app.providers.errors import PermanentError, ProviderError
from sessions_app.providers.fields import JsonObject, as_identifier
from sessions_app.providers.gateway_calls import require
from sessions_app.providers.waha.client import query
from sessions_app.providers.waha.devices import code_of, health_of, status_event

CHECK_SECONDS = 5.0
_UNKNOWN = "http_404"


class WahaSessions:
    """A SessionGateway: `session_id` is the session's name (the free edition knows "default" only)."""

    gives_codes = True

    def start_session(self, account: Account, session_id: str, *, owner_id: str = "") -> DeviceEvent | None:
        """WAHA does nothing when it runs already."""
        try:
            answer = query(account, "POST", "sessions", session_id, "start")
        except PermanentError as error:
            if error.code != _UNKNOWN:
                raise
            answer = query(account, "POST", "sessions", json={"name": session_id, "start": True})
        return _told(session_id, answer)

    def fetch_qr(self, account: Account, session_id: str) -> DeviceEvent | None:
        """WAHA has a code in SCAN_QR_CODE only, and refuses the question otherwise."""
        try:
            answer = query(account, "GET", session_id, "auth", "qr")
        except PermanentError:
            return self.session_state(account, session_id)
        code = code_of(answer)
        return DeviceEvent(session_id, status="pending", qr=code) if code else None

    def restart_session(self, account: Account, session_id: str) -> DeviceEvent | None:
        return _told(session_id, query(account, "POST", "sessions", session_id, "restart"))

    def log_out_session(self, account: Account, session_id: str) -> DeviceEvent | None:
        return _told(session_id, query(account, "POST", "sessions", session_id, "logout"))

    def session_state(self, account: Account, session_id: str) -> DeviceEvent | None:
        return _told(session_id, query(account, "GET", "sessions", session_id))


def check(account: Account) -> ChannelHealth:
    """Ask whether the channel's own session is linked; takes a few seconds at the worst and never raises."""
    try:
        require(account, "instance")
        answer = query(account, "GET", "sessions", account.instance, seconds=CHECK_SECONDS)
    except ProviderError as error:
        return ChannelHealth(HealthState.DOWN, str(error))
    word = as_identifier(answer.get("status"))
    return ChannelHealth(health_of(word), word)


def _told(session_id: str, answer: JsonObject) -> DeviceEvent | None:
    word = as_identifier(answer.get("status"))
    return status_event(session_id, word, None) if word else None
