"""The simulator: a channel whose chat page stands in for WhatsApp, without a server of its own."""

import uuid
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
from sessions_app.providers.errors import MalformedPayloadError, PermanentError, SignatureError


class Simulator:
    """Accepts every message at once. It has no webhooks: the chat page hands its messages to the inbox."""

    kind = "simulator"
    carries_messages = True
    text_limit = 4096
    limits = SendLimits()
    fetches_profiles = False
    private_fields = frozenset({"text"})

    def handshake(self, account: Account, query: Mapping[str, str]) -> str | None:
        return None

    def verify(self, account: Account, request: WebhookRequest) -> None:
        raise SignatureError

    def parse(self, body: bytes) -> list[InboundEvent]:
        raise MalformedPayloadError

    def send(self, account: Account, message: OutboundMessage) -> str:
        return f"sim-{uuid.uuid4()}"

    def show_typing(self, account: Account, external_id: str) -> None:
        """The chat page shows for itself that an answer is being written."""

    def fetch_profile(self, account: Account, identity: Identity) -> Profile:
        raise PermanentError("no_profiles", "the simulator keeps no profiles")

    def check(self, account: Account) -> ChannelHealth:
        return ChannelHealth(HealthState.UP)
