"""What gateways that hold sessions of linked phones offer beside messages: start one, link it, end it."""

from typing import Protocol

from sessions_app.providers.base import Account, DeviceEvent


class SessionGateway(Protocol):
    """The sessions of one kind of gateway; `gateway_registry.py` lists them.

    `session_id` is the gateway's own name of a session (Evolution: the instance). A method returns what the
    gateway said of the session at once, to be taken in like an event of a webhook, or None where it said
    nothing: what it has to tell comes later. The event's `qr` is the text of the code, or, where the gateway
    gives a picture only, a URI `data:image/…;base64,…`.

    Every method raises a ProviderError of errors.py and takes ten seconds at the worst for each of its one or
    two calls: keep it away from transactions and from whoever waits for a page.
    """

    gives_codes: bool
    """Whether `fetch_qr` can have an answer; a gateway that reports its codes by itself has none."""

    def start_session(self, account: Account, session_id: str, *, owner_id: str = "") -> DeviceEvent | None:
        """Make the session if there is none, and let it ask for a link. It does no harm to ask again.

        `owner_id` is the caller's own id of the owner, which only a gateway of one's own is told.
        """

    def fetch_qr(self, account: Account, session_id: str) -> DeviceEvent | None:
        """Return the QR code that links the session now; without one, the status that is the reason."""

    def restart_session(self, account: Account, session_id: str) -> DeviceEvent | None:
        """Let the session connect anew; it stays linked."""

    def log_out_session(self, account: Account, session_id: str) -> DeviceEvent | None:
        """Unlink the session: only a new QR code can link it again."""

    def session_state(self, account: Account, session_id: str) -> DeviceEvent | None:
        """Return the status as the gateway has it now, None where it cannot be asked."""
