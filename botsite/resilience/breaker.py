"""Circuit breakers: no calls to what is known to be dead, and one probe to learn that it is back.

    permit = get_breaker("llm:openai").admit()   # raises BreakerOpen at once
    ...                                          # the call
    permit.succeeded()                           # or failed(), or ignored()

One circuit is shared by all processes through Redis; a report brings the circuit's state back, by which
calls are admitted for the next second without asking. A failure is reported at once, in one round trip; a
success of a closed circuit a moment later and together with others, by a thread. While Redis is away each
process goes by what it sees itself.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache

from botsite.resilience.breaker_local import LocalCircuit
from botsite.resilience.breaker_shared import SharedCircuit
from botsite.resilience.breaker_state import Answer, Circuit, Outcome, Policy, State
from botsite.resilience.breaker_successes import successes
from botsite.resilience.redis_rest import RedisAway
from botsite.telemetry import metrics
from botsite.telemetry.events import circuit_changed
from botsite.telemetry.logging import get_logger

__all__ = ["Breaker", "BreakerOpen", "Permit", "Policy", "State", "get_breaker"]

FRESH_SECONDS = 1.0
"""For so long a process goes by what it knows; then it asks before it calls."""

log = get_logger("breaker")


class BreakerOpen(Exception):
    """The call was not admitted. Asking again before `retry_after` (seconds) is in vain."""

    def __init__(self, name: str, retry_after: float) -> None:
        super().__init__(f"the circuit {name} is open")
        self.name = name
        self.retry_after = retry_after


class Permit:
    """The right to one call. Report its end once; what is reported after that is disregarded.

    A probe that is never reported, its process having died, runs out with its lease.
    """

    def __init__(self, breaker: "Breaker", generation: int, *, is_probe: bool = False) -> None:
        self._breaker = breaker
        self._generation = generation
        self._is_probe = is_probe
        self._is_reported = False

    def succeeded(self) -> None:
        """The called side answered as it should."""
        self._report(Outcome.OK)

    def failed(self) -> None:
        """The called side did not answer, or with an error that is its own."""
        self._report(Outcome.FAILED)

    def ignored(self) -> None:
        """The end says nothing about the called side: our mistake, or HTTP 400, 404, 422."""
        self._report(Outcome.IGNORED)

    def _report(self, outcome: Outcome) -> None:
        if self._is_reported:
            return
        self._is_reported = True
        if self._is_probe or outcome is not Outcome.IGNORED:
            self._breaker.report(self._generation, outcome)


class Breaker:
    """One process's hold on the circuit `name`. Thread-safe. Get yours from `get_breaker`."""

    def __init__(self, name: str, policy: Policy) -> None:
        self.name = name
        self._policy = policy
        self._shared = SharedCircuit(name, policy)
        self._local = LocalCircuit(policy)
        self._lock = threading.Lock()
        self._known = Circuit()
        self._known_until = 0.0

    def admit(self) -> Permit:
        """Return the right to make one call now. Raises BreakerOpen."""
        now = time.monotonic()
        circuit = self._known
        if now < self._known_until:
            if not circuit.is_open:
                return Permit(self, circuit.generation)
            if not circuit.wants_probe(now):
                raise self._open(circuit)
        answer = self._look(take_probe=True)
        if answer.granted:
            return Permit(self, answer.circuit.generation, is_probe=True)
        if answer.circuit.is_open:
            raise self._open(answer.circuit)
        return Permit(self, answer.circuit.generation)

    @contextmanager
    def call(self) -> Iterator[Permit]:
        """Admit the block and report it: as succeeded, or failed if it raises. Raises BreakerOpen.

        What the block reported itself stands.
        """
        permit = self.admit()
        try:
            yield permit
        except Exception:
            permit.failed()
            raise
        except BaseException:  # the process or thread is being ended
            permit.ignored()
            raise
        permit.succeeded()

    def state(self, *, ask: bool = False) -> State:
        """Return the state, at most FRESH_SECONDS old; half-open: the next call may be the probe.

        With `ask` it is the state of this moment.
        """
        self.report_successes()
        if ask or time.monotonic() >= self._known_until:
            self._look(take_probe=False)
        return self._known.state(time.monotonic())

    def seems_open(self) -> bool:
        """Whether the next call would be refused. A circuit last heard of as closed is not asked about."""
        return self._known.is_open and self.state() is State.OPEN

    def retry_after(self) -> float:
        """Return the seconds until a call may be admitted; 0: one would be now."""
        if self.state() is State.CLOSED:
            return 0.0
        return self._open(self._known).retry_after

    def open_seconds(self) -> float:
        """Return for how long the circuit has not been closed, failed probes included; 0: it is closed."""
        if self.state() is State.CLOSED:
            return 0.0
        return max(time.monotonic() - self._known.since, 0.0)

    def report(self, generation: int, outcome: Outcome) -> None:
        """Count a call admitted at `generation` (for Permit)."""
        if outcome is Outcome.OK and not self._known.is_open:
            successes.add(self, generation)
            return
        self.report_successes()  # they came before
        self._report(generation, outcome, 1)

    def report_successes(self) -> None:
        """Count what went well until now and is not counted yet; no round trip where there is nothing."""
        for generation, times in successes.take(self).items():
            self._report(generation, Outcome.OK, times)

    def _report(self, generation: int, outcome: Outcome, times: int) -> None:
        answer = self._do(
            lambda known: self._shared.report(known, generation=generation, outcome=outcome, times=times),
            lambda known, now: self._local.report(
                known, generation=generation, outcome=outcome, times=times, now=now
            ),
        )
        if answer.was is not None:
            _announce(self.name, answer.was, answer.circuit)

    def _look(self, *, take_probe: bool) -> Answer:
        return self._do(
            lambda known: self._shared.look(known, take_probe=take_probe),
            lambda known, now: self._local.look(known, take_probe=take_probe, now=now),
        )

    def _do(self, shared: Callable[[Circuit], Answer], local: Callable[[Circuit, float], Answer]) -> Answer:
        try:
            answer = shared(self._known)
        except RedisAway:
            with self._lock:
                answer = local(self._known, time.monotonic())
                self._learn(answer.circuit)
        else:
            with self._lock:
                self._learn(answer.circuit)
        return answer

    def _learn(self, circuit: Circuit) -> None:
        # Threads' answers may overtake each other.
        if circuit.generation >= self._known.generation:
            self._known = circuit
            self._known_until = time.monotonic() + FRESH_SECONDS

    def _open(self, circuit: Circuit) -> BreakerOpen:
        now = time.monotonic()
        if circuit.by:  # nobody knows until when
            return BreakerOpen(self.name, self._policy.longest_recovery_seconds)
        return BreakerOpen(self.name, max(circuit.retry_at - now, circuit.leased_until - now, 0.0))


def _announce(name: str, was: State, circuit: Circuit) -> None:
    """Tell of a transition; only the process that made it does."""
    if circuit.is_open:
        metrics.count("circuit_trips_total", name=name)
        log.warning("CIRCUIT_OPENED", operation=name, was=was.name.lower(), openings=circuit.openings)
    else:
        log.info("CIRCUIT_CLOSED", operation=name, was=was.name.lower())
    now = State.OPEN if circuit.is_open else State.CLOSED
    circuit_changed.send_robust(sender=Breaker, name=name, was=was, now=now)


@lru_cache(maxsize=1024)
def get_breaker(name: str, policy: Policy = Policy()) -> Breaker:  # noqa: B008  it is frozen
    """Return this process's breaker of that name, such as "llm:openai" or "whapi:<channel slug>"."""
    return Breaker(name, policy)
