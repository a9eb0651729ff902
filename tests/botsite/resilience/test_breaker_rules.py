"""The two ways a circuit is kept, in Redis and in a process, follow the same rules."""

import uuid
from typing import Literal

from hypothesis import given, settings
from hypothesis import strategies as st

from botsite.resilience.breaker_local import LocalCircuit
from botsite.resilience.breaker_shared import SharedCircuit
from botsite.resilience.breaker_state import SLOTS, Answer, Circuit, Outcome, Policy

Step = Literal["look", "probe"] | Outcome
STEPS: st.SearchStrategy[Step] = st.sampled_from(
    ["look", "probe", *[outcome for outcome in Outcome for _ in range(3)]]
)
# Time plays no part: nothing leaves the window, a probe is due at once and its lease holds for ever.
TIMELESS = Policy(
    window_seconds=10_000,
    least_calls=6,
    failures_in_row=4,
    recovery_seconds=0,
    longest_recovery_seconds=0,
    probe_seconds=10_000,
)


@settings(deadline=None, max_examples=60)
@given(steps=st.lists(st.tuples(STEPS, st.sampled_from([0, 0, 0, 1])), max_size=40))
def test_the_shared_and_the_local_circuit_move_alike(steps: list[tuple[Step, int]]) -> None:
    """The second of each pair: by how many generations a report is late."""
    shared = SharedCircuit(f"test:{uuid.uuid4().hex}", TIMELESS)
    local = LocalCircuit(TIMELESS)
    there, here = Circuit(), Circuit()
    for number, (step, late) in enumerate(steps):
        now = 50_000.0 + number
        if isinstance(step, Outcome):
            answer = shared.report(there, generation=there.generation - late, outcome=step)
            answer_here = local.report(here, generation=here.generation - late, outcome=step, now=now)
        else:
            take = step == "probe"
            answer = shared.look(there, take_probe=take)
            answer_here = local.look(here, take_probe=take, now=now)
        assert _gist(answer) == _gist(answer_here)
        there, here = answer.circuit, answer_here.circuit


def _gist(answer: Answer) -> tuple[object, ...]:
    circuit = answer.circuit
    return circuit.generation, circuit.is_open, circuit.openings, answer.granted, answer.was


@given(pauses=st.lists(st.floats(0, 40), min_size=1, max_size=60))
def test_a_call_counts_for_the_window_less_at_most_one_step(pauses: list[float]) -> None:
    policy = Policy(window_seconds=60, failures_in_row=10_000, least_calls=10_000)
    circuit, local = Circuit(), LocalCircuit(policy)
    times: list[float] = []
    for pause in pauses:
        times.append((times[-1] if times else 1000.0) + pause)
        local.report(circuit, generation=0, outcome=Outcome.FAILED, now=times[-1])

    counted = sum(calls for calls, _ in local._slots.values())

    assert counted <= sum(times[-1] - time < 60 + 1e-6 for time in times)
    assert counted >= sum(times[-1] - time < 60 - 60 / SLOTS - 1e-6 for time in times)


@given(openings=st.integers(1, 10_000))
def test_the_wait_grows_and_stays_bounded(openings: int) -> None:
    policy = Policy()

    assert policy.recovery_seconds <= policy.wait_after(openings) <= policy.wait_after(openings + 1)
    assert policy.wait_after(openings) <= policy.longest_recovery_seconds
