"""A device gateway of one's own: it reports its sessions over our API, and carries no messages."""

from collections.abc import Mapping

from sessions_app.providers.base import (
    Account,
    ChannelHealth,
    HealthState,
    Identity,
    InboundEvent,
    OutboundMessage,
    Profile,
    SendLimits,
    WebhookRequest,
)
from sessions_app.providers.errors import (
    ConfigurationError,
    MalformedPayloadError,
    PermanentError,
    SignatureError,
)


class Gateway:
    """The adapter as the registry knows it: no webhooks, no messages."""

    kind = "gateway"
    carries_messages = False
    text_limit = 4096
    limits = SendLimits()
    fetches_profiles = False
    private_fields = frozenset({"qr"})

    def handshake(self, account: Account, query: Mapping[str, str]) -> str | None:
        return None

    def verify(self, account: Account, request: WebhookRequest) -> None:
        raise SignatureError

    def parse(self, body: bytes) -> list[InboundEvent]:
        raise MalformedPayloadError

    def send(self, account: Account, message: OutboundMessage) -> str:
        raise ConfigurationError("no_messages", "a gateway of this kind reports sessions and sends nothing")

    def show_typing(self, account: Account, external_id: str) -> None:
        """There are no messages to answer."""

    def fetch_profile(self, account: Account, identity: Identity) -> Profile:
        raise PermanentError("no_profiles", "a gateway of this kind knows no contacts")

    def check(self, account: Account) -> ChannelHealth:
        return ChannelHealth(HealthState.UNKNOWN, "it reports its sessions by itself")
