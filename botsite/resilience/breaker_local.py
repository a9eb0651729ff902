"""A circuit in this process alone: the same rules as the shared one's, for while Redis is away."""

from dataclasses import replace

from botsite.resilience.breaker_state import SLOTS, Answer, Circuit, Outcome, Policy, State


class LocalCircuit:
    """Takes the circuit as it is known, returns it as it becomes. Not thread-safe; the caller locks.

    `now` is in seconds of `time.monotonic()`.
    """

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._slots: dict[int, list[int]] = {}  # calls and failures of each part of the window
        self._failed_in_row = 0
        self._generation = -1

    def look(self, circuit: Circuit, *, take_probe: bool, now: float) -> Answer:
        """Take the probe if it is asked for and due."""
        if not (take_probe and circuit.wants_probe(now)):
            return Answer(circuit)
        probing = replace(
            circuit,
            generation=circuit.generation + 1,
            leased_until=now + self._policy.probe_seconds,
        )
        return Answer(probing, granted=True)

    def report(
        self, circuit: Circuit, *, generation: int, outcome: Outcome, now: float, times: int = 1
    ) -> Answer:
        """Count `times` calls that were admitted at `generation` and ended alike; of a probe there is one."""
        if generation != circuit.generation:
            return Answer(circuit)
        if circuit.is_open:
            return self._probed(circuit, outcome, now)
        self._count(circuit.generation, outcome, times, now)
        if self._is_failing():
            return self._opened(circuit, 1, now)
        return Answer(circuit)

    def _probed(self, circuit: Circuit, outcome: Outcome, now: float) -> Answer:
        if outcome is Outcome.OK:
            closed = Circuit(generation=circuit.generation + 1, since=now)
            return Answer(closed, was=State.HALF_OPEN)
        if outcome is Outcome.FAILED:
            return self._opened(circuit, circuit.openings + 1, now)
        return Answer(replace(circuit, leased_until=0.0))

    def _opened(self, circuit: Circuit, openings: int, now: float) -> Answer:
        opened = Circuit(
            generation=circuit.generation + 1,
            is_open=True,
            since=circuit.since if circuit.is_open else now,
            retry_at=now + self._policy.wait_after(openings),
            openings=openings,
        )
        return Answer(opened, was=circuit.state(now))

    def _count(self, generation: int, outcome: Outcome, times: int, now: float) -> None:
        if generation != self._generation:
            self._slots.clear()
            self._failed_in_row = 0
            self._generation = generation
        failed = outcome is Outcome.FAILED
        self._failed_in_row = self._failed_in_row + times if failed else 0
        current = int(now * SLOTS / self._policy.window_seconds)
        slot = self._slots.setdefault(current, [0, 0])
        slot[0] += times
        slot[1] += times * failed
        for old in [number for number in self._slots if number <= current - SLOTS]:
            del self._slots[old]

    def _is_failing(self) -> bool:
        if self._failed_in_row >= self._policy.failures_in_row:
            return True
        calls, failures = map(sum, zip(*self._slots.values(), strict=True))
        return calls >= self._policy.least_calls and failures >= calls * self._policy.failure_rate
