"""The one table of what is measured. Names and labels are part of the contract with the outside."""

from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    COUNTER = "counter"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True)
class Instrument:
    """One metric. Histograms are of seconds; `help` is the sentence that a reader of `/metrics` sees."""

    name: str
    kind: Kind
    help: str
    labels: tuple[str, ...] = ()


_TABLE = (
    Instrument(
        "http_requests_total",
        Kind.COUNTER,
        "Requests answered, by view and class of status; probes, scrapes and files are left out.",
        ("endpoint", "status"),
    ),
    Instrument(
        "http_request_seconds",
        Kind.HISTOGRAM,
        "How long until the answer to such a request began.",
        ("endpoint",),
    ),
    Instrument("race_errors_total", Kind.COUNTER, "Turns that found their user held by another worker."),
    Instrument("token_cleanups_total", Kind.COUNTER, "Threads that were closed and begun anew as a summary."),
    Instrument(
        "webhook_messages_total",
        Kind.COUNTER,
        "Messages of webhooks by channel: accepted, duplicate, ignored.",
        ("channel", "result"),
    ),
    Instrument(
        "device_events_total",
        Kind.COUNTER,
        "Reported QR codes and statuses by channel: accepted, duplicate (also what came too late).",
        ("channel", "result"),
    ),
    Instrument("turns_total", Kind.COUNTER, "Turns by how they ended.", ("result",)),
    Instrument("turn_seconds", Kind.HISTOGRAM, "How long a turn took, from its claim to its end."),
    Instrument(
        "ai_requests_total",
        Kind.COUNTER,
        "Calls of language models by provider: ok, refused, credentials, throttled, unavailable.",
        ("provider", "result"),
    ),
    Instrument("ai_request_seconds", Kind.HISTOGRAM, "How long a language model took.", ("provider",)),
    Instrument(
        "budget_alerts_total",
        Kind.COUNTER,
        "Budgets that reached a level for the first time in a day or month: warn, limit.",
        ("level",),
    ),
    Instrument(
        "ai_response_cache_total",
        Kind.COUNTER,
        "Questions by what the cache of answers had for them: hit, miss, pinned, ineligible.",
        ("result",),
    ),
    Instrument(
        "ai_response_cache_ineligible_total",
        Kind.COUNTER,
        "Questions that are never answered from the cache, by why.",
        ("reason",),
    ),
    Instrument(
        "cache_requests_total",
        Kind.COUNTER,
        "Look-ups in the cache by layer and level (process, redis): hit, miss, error.",
        ("layer", "level", "result"),
    ),
    Instrument(
        "thread_tokens_reset_total",
        Kind.COUNTER,
        "Users whose token count began anew: thread_changed, user_not_found, first.",
        ("reason",),
    ),
    Instrument("tokens_lost_total", Kind.COUNTER, "Tokens that such users had counted before."),
    Instrument(
        "db_operations_total",
        Kind.COUNTER,
        "Statements of the database: select, insert, update, delete, connect, other.",
        ("operation",),
    ),
    Instrument(
        "db_errors_total",
        Kind.COUNTER,
        "What the database failed: such statements, and the reads client_data and thread.",
        ("operation",),
    ),
    Instrument(
        "db_retries_total",
        Kind.COUNTER,
        "Units of work that the database failed and that were tried again.",
        ("unit",),
    ),
    Instrument("retention_rows_total", Kind.COUNTER, "Rows whose period was over, by kind.", ("kind",)),
    Instrument("erasures_total", Kind.COUNTER, "Customers who were erased."),
    Instrument("hook_errors_total", Kind.COUNTER, "Updates announced by other systems that failed."),
    Instrument("circuit_trips_total", Kind.COUNTER, "Times that a circuit breaker opened.", ("name",)),
    Instrument(
        "shop_sessions_expired_total", Kind.COUNTER, "Customers' shopping sessions that were cleaned away."
    ),
    Instrument(
        "shop_session_seconds",
        Kind.HISTOGRAM,
        "How long a shopping session that is over lasted, to its last activity (up to 5 min less).",
    ),
    Instrument(
        "shop_orders_total",
        Kind.COUNTER,
        "Orders by result: placed, repeated, refused, cancelled.",
        ("result",),
    ),
    Instrument(
        "function_calls_total",
        Kind.COUNTER,
        "Functions called by the model: ok, repeated, refused, invalid, unknown, limit, failed.",
        ("name", "result"),
    ),
    Instrument("function_seconds", Kind.HISTOGRAM, "How long a function took.", ("name",)),
    Instrument(
        "soap_requests_total",
        Kind.COUNTER,
        "Calls of the inventory service: ok, fault, unusable, unavailable, open.",
        ("operation", "result"),
    ),
    Instrument(
        "soap_request_seconds", Kind.HISTOGRAM, "How long the inventory service took.", ("operation",)
    ),
    Instrument(
        "forward_requests_total",
        Kind.COUNTER,
        "Requests to Laravel: accepted, refused, throttled, unavailable, configuration.",
        ("kind", "result"),
    ),
    Instrument("rate_limited_total", Kind.COUNTER, "Calls that a quota put off or refused.", ("scope",)),
    Instrument(
        "rate_limiter_local_total",
        Kind.COUNTER,
        "Calls that a process judged by its own count alone, Redis being away.",
        ("scope",),
    ),
)
INSTRUMENTS = {instrument.name: instrument for instrument in _TABLE}
