"""The one table of what the watch does, and how often."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from monitoring.alerts.evaluate import evaluate
from monitoring.alerts.sending import notices_round
from monitoring.health.runner import run_due_checks
from monitoring.services.gauge_samples import sample_gauges
from monitoring.services.heartbeats import INTERVAL_SECONDS, heartbeat
from monitoring.services.rollup import roll_up
from monitoring.watch.watchdog import Watchdog


@dataclass(frozen=True, slots=True)
class Job:
    """`function` is called every so many `seconds`; `elected`: by one process of all.

    It is taken to hang after `deadline` seconds: another process then gets its turn. While Postgres is away
    nobody is elected, and what `survives` goes on where it was done last.
    """

    name: str
    seconds: float
    function: Callable[[], object]
    elected: bool
    deadline: float = 60.0
    survives: bool = False


def jobs_of(kind: str) -> Sequence[Job]:
    """Return what a process of a kind of ProcessKind does; each call makes a watchdog of its own."""
    return (
        Job("heartbeat", INTERVAL_SECONDS, partial(heartbeat, kind), elected=False),
        Job("watchdog", 10, Watchdog().look, elected=False),
        Job("checks", 2, run_due_checks, elected=True, survives=True),  # it keeps what it finds for later
        Job("roll_up", 30, roll_up, elected=True),
        Job("sample_gauges", 60, sample_gauges, elected=True),
        Job("evaluate", 15, evaluate, elected=True),
        Job("notices", 5, notices_round, elected=True),
    )
