"""The one table of quotas: what is limited, how much of it, and why. Keys under a quota count apart."""

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """At most `limit` units in any `seconds`, counted apart for each key. `name` is the metric's scope."""

    name: str
    limit: int
    seconds: float
    about: str = ""

    def at(self, limit: int) -> "Quota":
        """Return the same quota with another limit, as a key or a setting may have."""
        return replace(self, limit=limit)


ADDRESS = Quota(
    name="ip",
    limit=100,
    seconds=60,
    about="Requests from one network address that prove nothing: no valid API key, no valid signature.",
)
API_CLIENT = Quota(
    name="api_key",
    limit=50,
    seconds=60,
    about="Calls of one API client, all its keys together; API_CALLS_PER_MINUTE, or the key's own limit.",
)
SESSION_ITEMS = Quota(
    name="sessions_write",
    limit=1000,
    seconds=1,
    about="QR codes and statuses reported by one API client, counted in items however they are batched.",
)
WHATSAPP_USER = Quota(
    name="whatsapp_user",
    limit=30,
    seconds=60,
    about="Messages of one customer that begin a turn of their own; more wait for a later turn together.",
)
SEND_WHAPI = Quota(
    name="send_whapi",
    limit=10,
    seconds=60,
    about="Sends of one Whapi channel: WhatsApp bans linked phones that write like machines.",
)
SEND_CLOUD_API = Quota(
    name="send_cloud_api",
    limit=80,
    seconds=1,
    about="Sends of one number of the Cloud API, Meta's own throughput.",
)
INVENTORY = Quota(
    name="inventory",
    limit=10,
    seconds=60,
    about="Calls of the SOAP inventory, which wait their turn.",
)
LANGUAGE_MODEL = Quota(
    name="language_model",
    limit=0,
    seconds=60,
    about="Calls of one provider of language models; without a limit unless QUOTA_LIMITS sets one.",
)

QUOTAS = {
    quota.name: quota
    for quota in (
        ADDRESS,
        API_CLIENT,
        SESSION_ITEMS,
        WHATSAPP_USER,
        SEND_WHAPI,
        SEND_CLOUD_API,
        INVENTORY,
        LANGUAGE_MODEL,
    )
}
