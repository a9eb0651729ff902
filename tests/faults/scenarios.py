"""The scenarios, as data: what breaks, when, and what may still be expected then."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Fault:
    """At second `at` of the load the harness does `action` (see faults.py) with `options`.

    `during_call`: not before a worker waits for the model, so that it surely interrupts a turn.
    """

    at: float
    action: str
    options: Mapping[str, Any] = field(default_factory=dict)
    during_call: bool = False


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """The load, the house, what is done to it, and what is promised all the same; times are in seconds.

    `users` write `rate` messages a second for `seconds`, each beginning with `opening`. The house has
    `workers` processes of `concurrency` threads and the settings of `environment`; the model takes `latency`,
    the shortest and the longest, and with `statuses` WhatsApp reports what became of our messages. Of the
    `kills` one dies at random every `kill_every` seconds, shortest and longest, and is started again after
    0.5 to 3 s.
    `webhook_p99` bounds the time until 99 % of the webhooks are answered, `refusal_seconds` each 503,
    `reclaim_target` the time until a vanished worker's messages are taken up again, `drain_target` the
    backlog after load and faults; for `drain_seconds` the harness waits.
    """

    name: str
    about: str
    seconds: float = 40.0
    users: int = 200
    opening: str = ""
    rate: float = 20.0
    workers: int = 2
    concurrency: int = 32
    latency: tuple[float, float] = (0.0, 5.0)
    statuses: bool = True
    faults: tuple[Fault, ...] = ()
    kills: tuple[str, ...] = ()
    kill_every: tuple[float, float] = (3.0, 8.0)
    environment: Mapping[str, str] = field(default_factory=dict)
    webhook_p99: float | None = None
    refusal_seconds: float | None = None
    drain_seconds: float = 120.0
    drain_target: float = 60.0
    reclaim_target: float = 30.0


def graph_fault(at: float, seconds: float, **behaviour: Any) -> tuple[Fault, Fault]:
    """WhatsApp misbehaves so (fields of Behaviour) for `seconds`."""
    return Fault(at, "graph", behaviour), Fault(at + seconds, "graph_heal")


def model_fault(at: float, seconds: float, **behaviour: Any) -> tuple[Fault, Fault]:
    return Fault(at, "model", behaviour), Fault(at + seconds, "model_heal")


SCENARIOS = (
    Scenario(
        name="kills",
        about="kill -9 of web, workers, beat and Redis at random",
        seconds=60,
        kills=("web", "worker", "beat", "redis"),
    ),
    Scenario(
        name="kills-in-background",
        about="kill -9 of workers while the model works in the background: its answers are fetched",
        environment={"OPENAI_RESPONSES": "1"},
        opening="¿Cuál me conviene más y por qué? ",
        kills=("worker",),
    ),
    Scenario(
        name="flushall",
        about="FLUSHALL every few seconds",
        faults=tuple(Fault(at, "flush_redis") for at in range(3, 40, 4)),
        webhook_p99=1.0,
    ),
    Scenario(
        name="stopped-worker",
        about="a worker is stopped past its lease (25 s) and woken, then the other",
        seconds=60,
        faults=(
            Fault(5, "freeze", {"worker": 0}),
            Fault(30, "thaw", {"worker": 0}),
            Fault(32, "freeze", {"worker": 1}),
            Fault(57, "thaw", {"worker": 1}),
        ),
    ),
    Scenario(
        name="redis-flapping",
        about="Redis is away for 2.5 s again and again, while more hints wait than workers have threads",
        concurrency=4,
        faults=tuple(
            Fault(at + offset, "redis", {"mode": mode})
            for at in range(6, 36, 6)
            for offset, mode in ((0, "refuse"), (2.5, "pass"))
        ),
    ),
    Scenario(
        name="redis-refused",
        about="nobody listens at Redis's port for 25 s",
        faults=(Fault(5, "redis", {"mode": "refuse"}), Fault(30, "redis", {"mode": "pass"})),
        webhook_p99=1.0,
    ),
    Scenario(
        name="redis-hanging",
        about="Redis accepts connections and says nothing for 25 s",
        faults=(Fault(5, "redis", {"mode": "hang"}), Fault(30, "redis", {"mode": "pass"})),
        webhook_p99=1.0,
    ),
    Scenario(
        name="postgres-stopped",
        about="nobody listens at Postgres's port for 30 s, open connections are ended",
        seconds=50,
        faults=(Fault(8, "postgres", {"mode": "refuse"}), Fault(38, "postgres", {"mode": "pass"})),
        refusal_seconds=3.0,
    ),
    Scenario(
        name="postgres-hanging",
        about="Postgres's connections stay open, not a byte passes for 20 s",
        seconds=45,
        faults=(Fault(8, "postgres", {"mode": "hang"}), Fault(28, "postgres", {"mode": "pass"})),
        refusal_seconds=5.0,
    ),
    Scenario(
        name="graph-refusing",
        about="WhatsApp answers 429, then 500, then 131056, each for 8 s",
        seconds=45,
        faults=(
            *graph_fault(4, 8, status=429, code=130429, retry_after=2),
            *graph_fault(16, 8, status=500, code=131000),
            *graph_fault(28, 8, status=400, code=131056),
        ),
    ),
    Scenario(
        name="graph-ambiguous",
        about="WhatsApp hangs after acceptance for 8 s, then drops the connection after acceptance for 8 s",
        seconds=40,
        faults=(*graph_fault(4, 8, delay=15), *graph_fault(22, 8, drop="after")),
    ),
    Scenario(
        name="graph-silent",
        about="WhatsApp drops the connection after acceptance for 10 s and reports no status at all",
        seconds=30,
        statuses=False,
        faults=graph_fault(4, 10, drop="after"),
    ),
    Scenario(
        name="model-failing",
        about="the model answers 500, then drops the connection, then hangs; customers wait for it",
        seconds=45,
        # A circuit that has just failed its probe rests for a minute and a half, and for one before that.
        drain_seconds=300,
        drain_target=200,
        environment={"LLM_TIMEOUT_SECONDS": "8"},
        faults=(
            *model_fault(4, 5, status=500),
            *model_fault(14, 5, drop="before"),
            *model_fault(24, 5, delay=12),
        ),
    ),
)
