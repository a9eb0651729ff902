"""What a circuit breaker knows and goes by, without where it is kept."""

from dataclasses import dataclass
from enum import Enum, IntEnum

SLOTS = 12
"""The window slides in so many steps."""


class State(IntEnum):
    """The numbers are those of the metric `circuit_state`."""

    CLOSED = 0
    HALF_OPEN = 1
    OPEN = 2


class Outcome(Enum):
    """How a call ended. Ignored: it says nothing about the called side, as with HTTP 400, 404 and 422."""

    OK = "ok"
    FAILED = "failed"
    IGNORED = "ignored"


@dataclass(frozen=True, slots=True)
class Policy:
    """When a circuit opens, and when it is tried again. The defaults try an open one within 5 minutes.

    It opens when `failure_rate` of at least `least_calls` in the window failed, or `failures_in_row` did.
    Each failed probe doubles the wait up to `longest_recovery_seconds`: whoever is told that it is down hears
    within two minutes that it is back. `probe_seconds` must exceed what a call may take: whoever has not
    reported by then is taken for dead.
    """

    window_seconds: float = 60.0
    least_calls: int = 10
    failure_rate: float = 0.5
    failures_in_row: int = 5
    recovery_seconds: float = 60.0
    longest_recovery_seconds: float = 90.0
    probe_seconds: float = 45.0

    def wait_after(self, openings: int) -> float:
        """Return the seconds until the probe, when the circuit opened `openings` times without closing."""
        return min(self.recovery_seconds * 2.0 ** min(openings - 1, 16), self.longest_recovery_seconds)


@dataclass(frozen=True, slots=True)
class Circuit:
    """A breaker's state at one moment; times are this process's `time.monotonic()`.

    Every transition raises the generation. An open circuit's `retry_at` is when it may be probed, and
    `leased_until` when its present probe is given up for lost. `by` is who opened it by hand, else "".
    """

    generation: int = 0
    is_open: bool = False
    since: float = 0.0
    retry_at: float = 0.0
    openings: int = 0
    leased_until: float = 0.0
    by: str = ""

    def state(self, now: float) -> State:
        if not self.is_open:
            return State.CLOSED
        return State.OPEN if self.by or now < self.retry_at else State.HALF_OPEN

    def wants_probe(self, now: float) -> bool:
        """Whether the next call should be the probe."""
        return self.state(now) is State.HALF_OPEN and now >= self.leased_until


@dataclass(frozen=True, slots=True)
class Answer:
    """The circuit after an operation, and what this operation itself has done to it.

    `granted`: the asker holds the probe. `was`: the state it led away from, if it opened or closed it.
    """

    circuit: Circuit
    granted: bool = False
    was: State | None = None
    calls: int = 0
    failures: int = 0
