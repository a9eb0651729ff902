"""The one table of what is cached: under which keys, for how long, and on which levels.

Every key begins with its channel, so that no business ever sees another's entries; but those of
MODEL_TABLES, which all channels share, and of PAST_COSTS and DASHBOARD, the figures of all channels.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

MINUTE = 60.0
HOUR = 60 * MINUTE
ANY = "*"
"""Stands for a part that may be anything. In a part itself every such character is encoded."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One kind of cached values.

    `parts` name what a key is made of, `ttl` is how long a value lives in Redis and `local_ttl` how long in a
    process (both in seconds; the shorter one counts). A process keeps `local_entries` of them (0: none).
    With `in_redis` values are JSON values; else they stay in the process and may be any object.
    Who finds nobody's value but somebody loading waits `wait_seconds` for it before loading too; what takes
    longer than `fill_seconds` to load is not stored.
    """

    name: str
    parts: tuple[str, ...]
    ttl: float
    local_ttl: float = 30.0
    local_entries: int = 500
    in_redis: bool = True
    wait_seconds: float = 1.0
    fill_seconds: float = 5.0

    def key(self, values: Mapping[str, object]) -> str:
        """Return the key of the parts' `values`, such as "shop:57300". KeyError for a missing one."""
        return ":".join([_encoded(str(values[part])) for part in self.parts])

    def matching(self, values: Mapping[str, object]) -> str:
        """Return what the keys with `values` look like, with ANY in the place of parts that are not given."""
        return ":".join([_encoded(str(values[part])) if part in values else ANY for part in self.parts])


def _encoded(part: str) -> str:
    # Most are numbers, slugs and digests: the question costs a tenth of the work.
    return part if part.isascii() and part.isalnum() else quote(part, safe="@+")


CLIENT_DATA = Layer("client_data", ("channel", "user"), ttl=12 * HOUR, local_entries=1000)
SESSION = Layer("session", ("channel", "user"), ttl=2 * HOUR)
# As long as a language model may take: LLM_TIMEOUT_SECONDS is 30 unless set otherwise.
AI_RESPONSE = Layer("ai_response", ("channel", "digest"), ttl=24 * HOUR, wait_seconds=30.0, fill_seconds=40.0)
ANSWER_STATE = Layer("answer_state", ("channel",), ttl=10 * MINUTE, local_entries=1000)
CATEGORIES = Layer("categories", ("channel",), ttl=30 * MINUTE, local_entries=100)
PRODUCT_SEARCH = Layer("product_search", ("channel", "term"), ttl=15 * MINUTE)
CONVERSATION = Layer("conversation", ("channel", "user"), ttl=HOUR)
INVENTORY = Layer("inventory", ("channel", "item"), ttl=5 * MINUTE)
FUNCTION_RESULT = Layer("function_result", ("channel", "function", "digest"), ttl=10 * MINUTE)
QR = Layer("qr", ("channel", "session"), ttl=60, local_entries=0)
STATUS = Layer("status", ("channel", "session"), ttl=120, local_entries=5000)
# As long as a gateway may take to answer.
CONNECTION = Layer(
    "connection", ("channel", "session"), ttl=30, local_ttl=5, local_entries=5000, fill_seconds=12.0
)
SESSION_INFO = Layer("session_info", ("channel", "session"), ttl=300, local_entries=1000)
CHANNEL = Layer("channel", ("slug",), ttl=30, local_entries=1000, in_redis=False)
MODEL_TABLES = Layer("model_tables", ("table",), ttl=30, local_entries=10, in_redis=False)
BUDGETS = Layer("budgets", ("channel",), ttl=30, local_entries=1000, in_redis=False)
PAST_COSTS = Layer("past_costs", ("day",), ttl=HOUR, local_entries=10)
DASHBOARD = Layer("dashboard", ("part",), ttl=10, local_ttl=10, local_entries=20, in_redis=False)

LAYERS: Mapping[str, Layer] = {
    layer.name: layer
    for layer in (
        CLIENT_DATA,
        SESSION,
        AI_RESPONSE,
        ANSWER_STATE,
        CATEGORIES,
        PRODUCT_SEARCH,
        CONVERSATION,
        INVENTORY,
        FUNCTION_RESULT,
        QR,
        STATUS,
        CONNECTION,
        SESSION_INFO,
        CHANNEL,
        MODEL_TABLES,
        BUDGETS,
        PAST_COSTS,
        DASHBOARD,
    )
}
