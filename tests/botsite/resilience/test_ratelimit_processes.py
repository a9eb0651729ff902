"""The sliding window among several processes, whatever their clocks say."""

import uuid
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.botsite.resilience.limiter_process import LimiterProcess, Span

RIGHT, APART = (0.0,) * 4, (-3600.0, -0.7, 5.0, 86_400.0)


@pytest.fixture(params=[RIGHT, APART], ids=["clocks right", "clocks apart"], scope="module")
def crew(request: pytest.FixtureRequest) -> Iterator[list[LimiterProcess]]:
    with ExitStack() as stack:
        yield [stack.enter_context(LimiterProcess(offset)) for offset in request.param]


@pytest.fixture
def key() -> str:
    return uuid.uuid4().hex


def admitted(crew: list[LimiterProcess], key: str, *, limit: int, seconds: float, calls: int) -> list[Span]:
    """Let all processes call at once; returns what was admitted, in the order of its ends."""
    for process in crew:
        process.tell(key, limit, seconds, calls // len(crew))
    return sorted((span for process in crew for span in process.answer()), key=lambda span: span[1])


def test_exactly_thirty_of_three_hundred_are_admitted(crew: list[LimiterProcess], key: str) -> None:
    assert len(admitted(crew, key, limit=30, seconds=60, calls=300)) == 30


def test_no_window_admits_more_wherever_it_begins(crew: list[LimiterProcess], key: str) -> None:
    seconds = 0.25
    spans = admitted(crew, key, limit=30, seconds=seconds, calls=8_000)

    assert len(spans) > 30
    # The decisions on any 31 calls are a whole window apart, and each lies within the span of its call.
    for start in range(len(spans) - 30):
        some = spans[start : start + 31]
        assert max(after for _, after in some) - min(before for before, _ in some) >= seconds - 0.001
