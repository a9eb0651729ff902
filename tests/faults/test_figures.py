"""Percentiles, reclaim times and targets: what the tables in docs/reliability.md stand on."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from tests.faults.client import Attempt, WebhookClient
from tests.faults.evidence import Evidence, ModelCall, Sent, StoredRun
from tests.faults.figures import Figures, measure, percentile
from tests.faults.scenarios import Scenario
from tests.faults.test_judge import A1, A2, acknowledged, call

SCENARIO = Scenario(name="any", about="", webhook_p99=1, refusal_seconds=3)


def figures_of(
    *,
    attempts: Sequence[Attempt] = (),
    calls: Sequence[ModelCall] = (),
    runs: Sequence[StoredRun] = (),
    drain: float | None = 5,
) -> Figures:
    evidence = Evidence(
        acknowledged=(acknowledged(A1, 10),),
        calls=tuple(calls),
        runs=tuple(runs),
        sent=(Sent(user=1, markers=(A1,), token="t", at=13.1),),
    )
    return replace(measure(evidence, WebhookClient(attempts=list(attempts)), drain_seconds=drain), offered=1)


@pytest.mark.parametrize(
    ("values", "percent", "expected"),
    [
        ([], 99, 0.0),
        ([3.0], 50, 3.0),
        ([1.0, 2.0, 3.0, 4.0], 50, 2.0),
        ([float(n) for n in range(1, 101)], 99, 99.0),
    ],
)
def test_a_percentile_is_a_value_that_was_measured(
    values: list[float], percent: float, expected: float
) -> None:
    assert percentile(values, percent) == expected


def test_a_reply_is_timed_from_the_acknowledgement() -> None:
    assert figures_of().reply_p50 == pytest.approx(3.0)


def test_a_reclaim_is_timed_from_the_death_to_when_the_same_message_is_taken_up_again() -> None:
    dead = replace(call(1, A1, started=10, ended=14), interrupted=12)
    calls = (dead, call(2, A2, started=13), call(3, A1, A2, started=33))
    assert figures_of(calls=calls).slowest_reclaim == 21


def test_who_takes_messages_up_and_dies_before_the_call_has_reclaimed_them() -> None:
    dead = replace(call(1, A1, started=10, ended=14), interrupted=12)
    runs = [StoredRun(user=1, tokens=0, is_unknown=True, started=at) for at in (10, 30)]
    calls = (dead, call(2, A1, started=52))
    assert figures_of(calls=calls, runs=runs).slowest_reclaim == 18


def test_a_refused_connection_is_no_slow_webhook_and_a_timeout_is_one() -> None:
    refused = Attempt(0, 0.001, 0)
    assert figures_of(attempts=[refused, Attempt(0, 0.2, 200)]).webhook_p99 == 0.2
    assert figures_of(attempts=[refused, Attempt(0, 10.0, 0)]).webhook_p99 == 10.0


@pytest.mark.parametrize(
    ("figures", "missed"),
    [
        (figures_of(), ""),
        (figures_of(drain=None), "drain"),
        (figures_of(drain=61), "drain"),
        (figures_of(attempts=[Attempt(0, 1.5, 200)]), "webhook p99"),
        (figures_of(attempts=[Attempt(0, 0.9, 503)] * 3), ""),
        (figures_of(attempts=[Attempt(0, 0.1, 500)]), "1 webhooks answered with 500"),
        (replace(figures_of(), slowest_refusal=3.5), "slowest refusal"),
        (replace(figures_of(), slowest_reclaim=31), "slowest reclaim"),
        (replace(figures_of(), offered=2), "1 messages were never acknowledged"),
    ],
)
def test_a_missed_target_is_named(figures: Figures, missed: str) -> None:
    sentences = figures.missed(SCENARIO)
    assert len(sentences) == bool(missed)
    assert "".join(sentences).startswith(missed)
