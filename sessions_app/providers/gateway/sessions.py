"""Asking a gateway of one's own for a session: `POST {base url}/start {"user_id", "sessionId"}`."""

from sessions_app.providers.base import Account, DeviceEvent
from sessions_app.providers.errors import PermanentError
from sessions_app.providers.gateway_calls import Call, ask

_NOT_OFFERED = "a gateway of this kind can only be asked to start a session"


class GatewaySessions:
    """A SessionGateway that can be told to start a session, where it has an address; it reports the rest."""

    gives_codes = False

    def start_session(self, account: Account, session_id: str, *, owner_id: str = "") -> DeviceEvent | None:
        if account.base_url:
            bearer = {"Authorization": f"Bearer {account.access_token}"} if account.access_token else {}
            body = {"user_id": owner_id, "sessionId": session_id}
            ask(
                Call("POST", account, ("start",), headers=bearer, json=body),
                secret=account.access_token,
            )
        return None

    def fetch_qr(self, account: Account, session_id: str) -> DeviceEvent | None:
        return None

    def restart_session(self, account: Account, session_id: str) -> DeviceEvent | None:
        raise PermanentError("not_offered", _NOT_OFFERED)

    def log_out_session(self, account: Account, session_id: str) -> DeviceEvent | None:
        raise PermanentError("not_offered", _NOT_OFFERED)

    def session_state(self, account: Account, session_id: str) -> DeviceEvent | None:
        return None
