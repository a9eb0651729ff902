"""WAHA: linked phones behind a server of one's own (WhatsApp HTTP API)."""

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
from sessions_app.providers.waha import client, parse, profiles, sessions, webhook


class Waha:
    """The adapter as the registry knows it."""

    kind = "waha"
    carries_messages = True
    text_limit = client.TEXT_LIMIT
    limits = SendLimits(per_minute=10)  # WhatsApp bans linked phones that write like machines
    fetches_profiles = True
    private_fields = frozenset(
        {
            "PushName",
            "body",
            "caption",
            "chatId",
            "contactId",
            "filename",
            "notifyName",
            "participant",
            "pushName",
            "pushname",
            "shortName",
            "vCards",
            "vcard",
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
        client.show_typing(account, external_id)

    def fetch_profile(self, account: Account, identity: Identity) -> Profile:
        return profiles.fetch_profile(account, identity)

    def check(self, account: Account) -> ChannelHealth:
        return sessions.check(account)
