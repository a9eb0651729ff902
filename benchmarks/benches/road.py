"""What a turn's road to a model adds to the call itself, beside what LiteLLM's Router adds to it."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from statistics import median
from typing import Any, Self, cast

import openai
import redis
from django.conf import settings
from django.db import connection

from benchmarks.bench import BenchError, Contender, Figure, House, Sample, Target
from benchmarks.fake_model import FakeModel, fake_model
from benchmarks.rival import Rival, rival
from botsite.postgres.limits import limits
from botsite.telemetry.meter import install_meter
from conversations.llm.base import ChatMessage
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

CALLS, QUICK_CALLS = 150, 5
READINGS = 30
DEAD_TURNS, LITELLM_DEAD_TURNS = 60, 6
"""LiteLLM takes seconds for one: so many of its turns stand for DEAD_TURNS."""

QUESTION = "Hola, el pedido 4512 de Marta todavía no llegó, ¿me pueden decir cuándo?"
OURS, LITELLM = "botsite", "LiteLLM Router"

ADDED = Figure("added to a bare call of the openai SDK, p50", "ms")
REACHED = Figure(f"of {DEAD_TURNS} turns, calls that reach a dead model", "calls")
READING = Figure("reading the knowledge for the prompt, p50", "ms")

Messages = Sequence[dict[str, str]]


class ReadyRequest(AnswerRequest):
    """An AnswerRequest whose prompt is made: the road begins there."""

    __slots__ = ("ready",)
    ready: list[ChatMessage]

    @classmethod
    def of(cls, request: AnswerRequest) -> Self:
        made = cls(**{field.name: getattr(request, field.name) for field in fields(request)})
        object.__setattr__(made, "ready", request.prompt())
        return made

    def prompt(self, *, beside_tokens: int = 0) -> list[ChatMessage]:
        return list(self.ready)


@dataclass(frozen=True, slots=True, kw_only=True)
class OurRoad:
    """Assesses, plans, routes, admits, calls, books in memory: a turn but for its reads and its commit."""

    name: str
    model: FakeModel
    turn: Turn
    request: ReadyRequest
    calls: int

    @property
    def messages(self) -> Messages:
        return [{"role": message.role, "content": message.content} for message in self.request.ready]

    def measure(self) -> Sample:
        self.model.reset()
        client = openai.OpenAI(api_key="key", base_url=self.model.base_url, timeout=30, max_retries=0)
        named, messages = language_models()[0].model, cast("Any", self.messages)
        bare, own = [], []
        for _ in range(self.calls):
            bare.append(_seconds(lambda: client.chat.completions.create(model=named, messages=messages)))
            own.append(_seconds(self.answer))
        reading = median(_seconds(self._read) for _ in range(READINGS))
        return {ADDED: _added_ms(bare, own), REACHED: self._reached(), READING: reading * 1000}

    def answer(self) -> None:
        assessment = assess(self.request.question)
        answer_from_models(self.turn, self.request, assessment, still_ours=lambda: True)

    def _read(self) -> None:
        connection.close()  # as after every call of a model
        AnswerRequest.prompt(self.request)

    def _reached(self) -> int:
        self.model.reset(status=500)
        forget_circuits()
        for _ in range(DEAD_TURNS):
            try:
                self.answer()
            except NoModelAnswered:
                continue
            raise BenchError("a dead model answered")
        forget_circuits()
        return self.model.requests()


@dataclass(slots=True, kw_only=True)
class LiteLLM:
    """The Router with its defaults and one model. What it does with a dead one is looked at once."""

    name: str
    model: FakeModel
    process: Rival
    messages: Messages
    calls: int
    reached: float | None = None

    def measure(self) -> Sample:
        if self.reached is None:
            self.reached = self._reached()
        self.model.reset()
        times = self._ask("call", times=self.calls)
        return {ADDED: _added_ms(times["bare"], times["router"]), REACHED: self.reached}

    def _reached(self) -> float:
        self.model.reset(status=500)
        self._ask("fail", times=LITELLM_DEAD_TURNS)
        return self.model.requests() * DEAD_TURNS / LITELLM_DEAD_TURNS

    def _ask(self, command: str, *, times: int) -> dict[str, Any]:
        return self.process.ask(command, base_url=self.model.base_url, messages=self.messages, times=times)


class RoadBench:
    about = (
        "a turn's road from its prompt to a model (complexity, cache, budget, routes, breaker, functions, "
        "books) beside the bare call, and LiteLLM's Router beside it in the same way"
    )
    targets = (
        Target(figure=ADDED, against=LITELLM, at_most=0.15),
        Target(figure=REACHED, against=LITELLM, at_most=0.05),
    )

    @contextmanager
    def contenders(self, house: House, *, quick: bool) -> Iterator[Sequence[Contender]]:
        install_meter()
        limits.keeps = True  # as in a worker
        routing.FIRST_PAUSE_SECONDS = 0.01
        calls = QUICK_CALLS if quick else CALLS
        with fake_model() as model, redis.Redis.from_url(house.redis_url) as client:
            settings.OPENAI_API_KEY, settings.OPENAI_BASE_URL = "key", model.base_url
            turn = _turn()
            request = ReadyRequest.of(request_for(turn))
            ours = OurRoad(name=OURS, model=model, turn=turn, request=request, calls=calls)
            _require_few_round_trips(client, ours)
            if quick:  # LiteLLM's packages are 300 MB
                yield (ours,)
                return
            with rival("LiteLLM", packages="litellm", program="litellm_router") as process:
                yield (
                    ours,
                    LiteLLM(name=LITELLM, model=model, process=process, messages=ours.messages, calls=calls),
                )


def _turn() -> Turn:
    user = receive(make_channel(slug="road", kind="simulator"), QUESTION)
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


def _added_ms(bare: Sequence[float], routed: Sequence[float]) -> float:
    """Return the median of what each call took longer than the bare one just before it, in milliseconds."""
    return median(after - before for before, after in zip(bare, routed, strict=True)) * 1000


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


BENCH = RoadBench()
