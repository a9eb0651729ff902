"""WhatsApp's Cloud API: Meta's own, over the Graph API."""

from collections.abc import Mapping
from datetime import timedelta

from botsite.resilience.quotas import SEND_CLOUD_API
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
from sessions_app.providers.cloud_api import client, health, parse, webhook
from sessions_app.providers.errors import PermanentError


class CloudApi:
    """The adapter as the registry knows it."""

    kind = "cloud_api"
    carries_messages = True
    text_limit = client.TEXT_LIMIT
    limits = SendLimits(pair_paced=True, per_second=SEND_CLOUD_API.limit, window=timedelta(hours=24))
    fetches_profiles = False  # a customer's name comes with every message; there is nothing to ask for more
    private_fields = frozenset(
        {
            "body",
            "caption",
            "filename",
            "first_name",
            "formatted_name",
            "last_name",
            "phone",
            "profile",
            "username",
            "vcard",
            "wa_id",
        }
    )

    def handshake(self, account: Account, query: Mapping[str, str]) -> str | None:
        return webhook.handshake_answer(account, query)

    def verify(self, account: Account, request: WebhookRequest) -> None:
        webhook.verify_signature(account, request)

    def parse(self, body: bytes) -> list[InboundEvent]:
        return parse.parse_webhook(body)

    def send(self, account: Account, message: OutboundMessage) -> str:
        return client.send_message(account, message)

    def show_typing(self, account: Account, external_id: str) -> None:
        client.show_typing(account, external_id)

    def fetch_profile(self, account: Account, identity: Identity) -> Profile:
        raise PermanentError("no_profiles", "the Cloud API tells a profile with each message only")

    def check(self, account: Account) -> ChannelHealth:
        return health.check(account)
