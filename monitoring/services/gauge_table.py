"""The one table of what is sampled each minute."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Gauge:
    """How something stands at a moment; `help` says what the number is."""

    name: str
    help: str
    labels: tuple[str, ...] = ()


_TABLE = (
    Gauge("high_token_threads", "Open threads over THREAD_TOKEN_THRESHOLD."),
    Gauge("inbox_messages", "Messages in by state, counted up to 10,000.", ("state",)),
    Gauge("outbox_messages", "Messages out by state, counted up to 10,000.", ("state",)),
    Gauge("forward_items", "Forwards to Laravel, counted up to 10,000.", ("kind", "state")),
    Gauge("active_conversations", "Customers who wrote within the last half hour."),
    Gauge("active_shop_sessions", "Customers' shopping sessions that are open."),
    Gauge("processes", "Web, worker and beat processes that are alive.", ("kind",)),
    Gauge("process_memory_bytes", "Memory that the processes of a kind hold together.", ("kind",)),
    Gauge("process_cpu_percent", "What they use together, in percent of one core.", ("kind",)),
    Gauge("process_uptime_seconds", "For how long the youngest of them is alive.", ("kind",)),
    Gauge("host_memory_percent", "How full a machine's memory is.", ("host",)),
    Gauge("budget_used_percent", "How much of its limit a budget has used.", ("budget", "period")),
)
GAUGES = {gauge.name: gauge for gauge in _TABLE}
