"""A gateway that does as it is told, without a network: what asks real ones has its own tests."""

from sessions_app.providers.base import Account, DeviceEvent
from sessions_app.providers.errors import RetryableError


class FakeGateway:
    """Notes its calls; `state` and `qr` are what it says of every session, and with `fails` it refuses."""

    gives_codes = True

    def __init__(self) -> None:
        self.calls: list[tuple[str, str]] = []
        self.owners: list[str] = []
        self.state, self.qr, self.fails = "", "", False

    def start_session(self, account: Account, session_id: str, *, owner_id: str = "") -> DeviceEvent | None:
        self.owners.append(owner_id)
        return self._said("start_session", session_id)

    def fetch_qr(self, account: Account, session_id: str) -> DeviceEvent | None:
        return self._said("fetch_qr", session_id)

    def restart_session(self, account: Account, session_id: str) -> DeviceEvent | None:
        return self._said("restart_session", session_id)

    def log_out_session(self, account: Account, session_id: str) -> DeviceEvent | None:
        return self._said("log_out_session", session_id)

    def session_state(self, account: Account, session_id: str) -> DeviceEvent | None:
        return self._said("session_state", session_id)

    def _said(self, call: str, session_id: str) -> DeviceEvent | None:
        self.calls.append((call, session_id))
        if self.fails:
            raise RetryableError("no_answer", "the gateway is away")
        if not self.state and not self.qr:
            return None
        return DeviceEvent(session_id, status=self.state, qr=self.qr)
