"""What every WhatsApp provider offers, and the typed events its webhooks are parsed into."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol


class IdentityKind(StrEnum):
    """The kinds of names a WhatsApp user is known by. A phone number alone is not a safe key."""

    WA_ID = "wa_id"
    BSUID = "bsuid"
    JID = "jid"
    LID = "lid"


@dataclass(frozen=True, slots=True, order=True)
class Identity:
    kind: IdentityKind
    value: str


@dataclass(frozen=True, slots=True)
class Account:
    """A channel as the adapters see it: addresses and decrypted secrets, no database row.

    `app_secrets` holds every secret that is live now (two during a rotation). `guarded`: the base URL is not
    the operator's choice, so calls go to public and allowed addresses only.
    """

    slug: str
    kind: str
    base_url: str = ""
    guarded: bool = False
    api_version: str = ""
    phone_number_id: str = ""
    instance: str = ""
    access_token: str = field(default="", repr=False)
    verify_token: str = field(default="", repr=False)
    app_secrets: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class InboundMessage:
    """One message of a customer. `text` is the words, or a short text form of what is not text.

    `route` names the receiving number (Cloud API: phone_number_id; gateways: instance or session; empty: the
    webhook's own channel).
    `identities` is never empty and has the one to answer to first. `ignore_reason` is set for what is stored
    but not answered (a reaction, a group, …). `raw` is the provider's item as it came.
    """

    external_id: str
    identities: tuple[Identity, ...]
    kind: str
    text: str
    sent_at: datetime | None
    raw: Mapping[str, Any]
    route: str = ""
    profile_name: str = ""
    user_name: str = ""
    reply_to: str = ""
    ignore_reason: str = ""


@dataclass(frozen=True, slots=True)
class NumberChange(InboundMessage):
    """WhatsApp's notice that a customer has moved to another number; a message that is never answered.

    `identities` are the names until now, `new_identities` (never empty) the ones from now on. Whoever could
    forge it would get another's conversation: make one only of what a verified webhook says in so many words.
    """

    new_identities: tuple[Identity, ...] = ()


class DeliveryState(StrEnum):
    """How far an outgoing message has come, in the order it can only go forward."""

    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class StatusUpdate:
    """What became of a message we sent. `callback_data` is what we attached to the send, if it came back."""

    external_id: str
    state: DeliveryState
    at: datetime | None
    route: str = ""
    callback_data: str = ""
    error_code: str = ""
    error_detail: str = ""


@dataclass(frozen=True, slots=True)
class BusinessEcho:
    """A person answered the customer from the business's own phone: the assistant steps back.

    `may_be_ours`: the provider reports what we sent in just the same way; whoever stores it has to tell.
    """

    external_id: str
    identities: tuple[Identity, ...]
    text: str
    sent_at: datetime | None
    raw: Mapping[str, Any]
    route: str = ""
    may_be_ours: bool = False


@dataclass(frozen=True, slots=True)
class UnrecognizedItem:
    """Something the adapter has no name for: stored raw and acknowledged, so the provider stops retrying."""

    reason: str
    raw: Mapping[str, Any]
    external_id: str = ""
    route: str = ""


@dataclass(frozen=True, slots=True)
class ProfileChange:
    """The provider holds other data of a contact than before (name, labels): ours are to be fetched anew."""

    identities: tuple[Identity, ...]
    raw: Mapping[str, Any]
    route: str = ""


@dataclass(frozen=True, slots=True)
class DeviceEvent:
    """A gateway's session has another status, a new QR code, or both. Empty: this event says nothing of it.

    `session_id` is the gateway's name of the session; `status` "active", "inactive", "pending", or another
    word of the gateway's. `at` is the gateway's clock, None where it did not say. `code_waits`: there is
    a new QR code that has to be fetched. It has no `raw`: a QR code opens a session, and is kept encrypted or
    not at all.
    """

    session_id: str
    status: str = ""
    qr: str = field(default="", repr=False)
    at: datetime | None = None
    is_urgent: bool = False
    code_waits: bool = False
    route: str = ""


InboundEvent = InboundMessage | StatusUpdate | BusinessEcho | ProfileChange | DeviceEvent | UnrecognizedItem


@dataclass(frozen=True, slots=True)
class Profile:
    """What a provider knows of a contact. Empty texts and None: it did not say.

    `name` is the one the business gave the contact where there is one; `user_name` the contact's own.
    """

    name: str = ""
    user_name: str = ""
    labels: tuple[str, ...] | None = None


class HealthState(StrEnum):
    UP = "up"
    DEGRADED = "degraded"
    DOWN = "down"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ChannelHealth:
    """Whether a channel can send and receive; `detail` is a short line for people, without secrets."""

    state: HealthState
    detail: str = ""


@dataclass(frozen=True, slots=True)
class OutboundMessage:
    """What is to be sent: `text` (already within the provider's limit), or a template when one is named."""

    recipient: Identity
    text: str
    callback_data: str
    reply_to: str = ""
    template_name: str = ""
    template_language: str = ""
    template_parameters: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WebhookRequest:
    """The parts of an HTTP request that prove and carry a webhook. Header names are lower case."""

    body: bytes
    headers: Mapping[str, str]
    path_secret: str = ""


@dataclass(frozen=True, slots=True)
class SendLimits:
    """How fast and how long a provider lets us write.

    `pair_paced`: messages to one customer are spaced out. `per_second`, `per_minute`: from one number.
    `window`: how long after the customer's last message free text is taken (None: always).
    """

    pair_paced: bool = False
    per_second: int | None = None
    per_minute: int | None = None
    window: timedelta | None = None


class Provider(Protocol):
    """One folder per provider implements this; `registry.py` lists them."""

    kind: str
    carries_messages: bool
    """Whether anything can be sent to customers at all."""
    text_limit: int
    """The longest text one message may hold, in characters."""
    limits: SendLimits
    fetches_profiles: bool
    """Whether `fetch_profile` can do anything."""
    private_fields: frozenset[str]
    """The fields of its payloads that hold texts, names, numbers or keys: no log ever shows their values."""

    def handshake(self, account: Account, query: Mapping[str, str]) -> str | None:
        """Return the body that answers the provider's GET, or None when the token is wrong (403)."""

    def verify(self, account: Account, request: WebhookRequest) -> None:
        """Raise SignatureError unless the raw body was signed with one of the live secrets."""

    def parse(self, body: bytes) -> list[InboundEvent]:
        """Turn a verified body into events, all items of the batch, in order.

        Raises MalformedPayloadError when it is not JSON or no envelope at all; an item that is
        not understood becomes an UnrecognizedItem and never an exception.
        """

    def send(self, account: Account, message: OutboundMessage) -> str:
        """Send and return the provider's message id. Raises a ProviderError of errors.py."""

    def show_typing(self, account: Account, external_id: str) -> None:
        """Mark the customer's message as read and show the typing indicator; best effort, never raises."""

    def fetch_profile(self, account: Account, identity: Identity) -> Profile:
        """Ask for a contact's name and labels. Raises a ProviderError of errors.py.

        It takes seconds at the worst and belongs on no message's path.
        """

    def check(self, account: Account) -> ChannelHealth:
        """Ask whether the channel works. Takes a few seconds at the worst and never raises."""
