"""Whapi: a linked phone behind an HTTP gateway (whapi.cloud)."""

from collections.abc import Mapping

from botsite.resilience.quotas import SEND_WHAPI
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
from sessions_app.providers.whapi import client, health, parse, profiles, webhook


class Whapi:
    """The adapter as the registry knows it."""

    kind = "whapi"
    carries_messages = True
    text_limit = client.TEXT_LIMIT
    limits = SendLimits(per_minute=SEND_WHAPI.limit)
    fetches_profiles = True
    private_fields = frozenset({"body", "caption", "chat_name", "from_name", "pushname", "title", "vcard"})

    def handshake(self, account: Account, query: Mapping[str, str]) -> str | None:
        return None

    def verify(self, account: Account, request: WebhookRequest) -> None:
        webhook.verify_secret(account, request)

    def parse(self, body: bytes) -> list[InboundEvent]:
        return parse.parse_webhook(body)

    def send(self, account: Account, message: OutboundMessage) -> str:
        return client.send_message(account, message)

    def show_typing(self, account: Account, external_id: str) -> None:
        """Not done: Whapi shows it by chat and not by message, and every call counts."""

    def fetch_profile(self, account: Account, identity: Identity) -> Profile:
        return profiles.fetch_profile(account, identity)

    def check(self, account: Account) -> ChannelHealth:
        return health.check(account)
