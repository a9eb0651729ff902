"""Evolution API 2.x: linked phones behind a server of one's own (evolution-api)."""

from collections.abc import Mapping

from sessions_app.providers.base import (
    Account,
    ChannelHealth,
    Identity,
    InboundEvent,
    OutboundMessage,
    Profile,
    SendLimits,
    WebhookRequest,
)
from sessions_app.providers.errors import PermanentError
from sessions_app.providers.evolution import client, parse, sessions, webhook


class Evolution:
    """The adapter as the registry knows it."""

    kind = "evolution"
    carries_messages = True
    text_limit = client.TEXT_LIMIT
    limits = SendLimits(per_minute=10)  # WhatsApp bans linked phones that write like machines
    fetches_profiles = False  # a customer's name comes with every message; labels only for a whole instance
    private_fields = frozenset(
        {
            "apikey",
            "base64",
            "caption",
            "conversation",
            "displayName",
            "fileName",
            "pairingCode",
            "participant",
            "profileName",
            "pushName",
            "qrcode",
            "remoteJid",
            "remoteJidAlt",
            "text",
            "vcard",
            "wuid",
        }
    )

    def handshake(self, account: Account, query: Mapping[str, str]) -> str | None:
        return None

    def verify(self, account: Account, request: WebhookRequest) -> None:
        webhook.verify(account, request)

    def parse(self, body: bytes) -> list[InboundEvent]:
        return parse.parse_webhook(body)

    def send(self, account: Account, message: OutboundMessage) -> str:
        return client.send_message(account, message)

    def show_typing(self, account: Account, external_id: str) -> None:
        """Not done: Evolution shows it by chat, and a message's id does not tell which that is."""

    def fetch_profile(self, account: Account, identity: Identity) -> Profile:
        raise PermanentError("no_profiles", "Evolution tells a name with each message only")

    def check(self, account: Account) -> ChannelHealth:
        return sessions.check(account)
