"""What a turn's road to a model adds to the call itself, beside what LiteLLM's Router adds to it."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median
from typing import Any

import openai
import redis
from django.conf import settings

from benchmarks.bench import BenchError, Contender, Figure, House, Sample, Target
from benchmarks.fake_model import FakeModel, fake_model
from benchmarks.rival import Rival, rival
from botsite.telemetry.meter import install_meter
from conversations.llm.complexity import assess
from conversations.models import Run, WhatsAppUser
from conversations.services import routing, usage
from conversations.services.answer_request import AnswerRequest, request_for
from conversations.services.client_data import MINIMAL
from conversations.services.language_models import language_models
from conversations.services.model_answers import answer_from_models
from conversations.services.routing import NoModelAnswered
from conversations.services.threads import open_thread
from conversations.services.turn import Turn
from tests.circuits import forget_circuits
from tests.conversations.builders import make_channel, receive

CALLS, QUICK_CALLS = 200, 5
DEAD_CALLS = 10
QUESTION = "Hola, el pedido 4512 de Marta todavía no llegó, ¿me pueden decir cuándo?"
OURS, LITELLM = "botsite", "LiteLLM Router"

ADDED = Figure("added to a bare call of the openai SDK, p50", "ms")
REACHED = Figure(f"of {DEAD_CALLS} turns, calls that reach a dead model", "calls")


@dataclass(frozen=True, slots=True, kw_only=True)
class OurRoad:
    """Assesses, plans, routes, admits, calls, books in memory: a turn but for its reads and its commit."""

    name: str
    model: FakeModel
    turn: Turn
    request: AnswerRequest
    calls: int

    def measure(self) -> Sample:
        self.model.reset()
        client = openai.OpenAI(api_key="key", base_url=self.model.base_url, timeout=30, max_retries=0)
        messages: Any = [
            {"role": message.role, "content": message.content} for message in self.request.prompt()
        ]
        self.model.reset()
        named = language_models()[0].model
        bare, own = [], []
        for _ in range(self.calls):
            bare.append(_seconds(lambda: client.chat.completions.create(model=named, messages=messages)))
            own.append(_seconds(self.answer))
        return {ADDED: (median(own) - median(bare)) * 1000, REACHED: self._reached()}

    def answer(self) -> None:
        assessment = assess(self.request.question)
        answer_from_models(self.turn, self.request, assessment, still_ours=lambda: True)

    def _reached(self) -> int:
        self.model.reset(status=500)
        forget_circuits()
        for _ in range(DEAD_CALLS):
            try:
                self.answer()
            except NoModelAnswered:
                continue
            raise BenchError("a dead model answered")
        forget_circuits()
        return self.model.requests()


@dataclass(frozen=True, slots=True, kw_only=True)
class LiteLLM:
    """The Router with its defaults and one model."""

    name: str
    model: FakeModel
    process: Rival
    calls: int

    def measure(self) -> Sample:
        self.model.reset()
        times = self.process.ask("call", base_url=self.model.base_url, times=self.calls)
        added = median(times["router"]) - median(times["bare"])
        self.model.reset(status=500)
        self.process.ask("fail", base_url=self.model.base_url, times=DEAD_CALLS)
        return {ADDED: added * 1000, REACHED: self.model.requests()}


class RoadBench:
    about = (
        "a turn's road to a model (complexity, cache, budget, routes, breaker, functions, books) beside "
        "the bare call, and LiteLLM's Router beside it in the same way"
    )
    targets = (
        Target(figure=ADDED, against=LITELLM, at_most=0.15),
        Target(figure=REACHED, against=LITELLM, at_most=10 / DEAD_CALLS),
    )

    @contextmanager
    def contenders(self, house: House, *, quick: bool) -> Iterator[Sequence[Contender]]:
        install_meter()
        routing.FIRST_PAUSE_SECONDS = 0.01
        calls = QUICK_CALLS if quick else CALLS
        with fake_model() as model, redis.Redis.from_url(house.redis_url) as client:
            settings.OPENAI_API_KEY, settings.OPENAI_BASE_URL = "key", model.base_url
            turn = _turn()
            ours = OurRoad(name=OURS, model=model, turn=turn, request=request_for(turn), calls=calls)
            _require_few_round_trips(client, ours)
            if quick:  # LiteLLM's packages are 300 MB
                yield (ours,)
                return
            with rival("LiteLLM", packages="litellm", program="litellm_router") as process:
                yield ours, LiteLLM(name=LITELLM, model=model, process=process, calls=calls)


def _turn() -> Turn:
    user = receive(make_channel(slug="road", phone_number_id="bench-road"), QUESTION)
    user = WhatsAppUser.objects.select_related("channel").get(pk=user.pk)
    thread = open_thread(user)
    run: Run = usage.begin_run(thread, epoch=1)
    return Turn.of(user, thread, run, user.messages.all(), client=MINIMAL)


def _require_few_round_trips(client: redis.Redis, ours: OurRoad) -> None:
    """The road is warm after some turns; then it may ask Redis twice a turn."""
    for _ in range(3):
        ours.answer()
    before = _round_trips(client)
    for _ in range(10):
        ours.answer()
    trips = (_round_trips(client) - before - 1) / 10  # without the second look itself
    if trips > 2:
        raise BenchError(f"a turn's road takes {trips:g} round trips to Redis, not 2 at the most")


def _round_trips(client: redis.Redis) -> int:
    info: dict[str, Any] = client.info("stats")
    return int(info["total_reads_processed"])  # commands would count what a script does, too


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


BENCH = RoadBench()
