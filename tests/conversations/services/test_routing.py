"""The road of an answer: the next model at once, the same one after a pause, and an end to it all."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest
from django.conf import settings as live_settings
from pytest_django import Settings

from botsite.resilience.breaker import State
from conversations.llm.base import ChatMessage, ProviderUnavailableError, Reply, Usage
from conversations.llm.complexity import Tier, assess
from conversations.llm.providers import OpenAICompatible
from conversations.models import Run
from conversations.services import latency, takeover, turns, usage
from conversations.services.asking import RunTakenOver, ask
from conversations.services.circuits import circuit
from conversations.services.routing import NoModelAnswered, Routed, ask_models
from conversations.services.threads import open_thread
from conversations.services.turns import TurnResult
from sessions_app.models import Channel
from tests.conversations.builders import outbound_texts, receive
from tests.conversations.models_out import open_circuit
from tests.fakes.behaviour import Behaviour
from tests.fakes.openai_compatible import FakeOpenAI

QUESTION = "pregunta sin respuesta"
ADVICE = "¿cuál me conviene más y por qué?"
ASKED = [ChatMessage("user", QUESTION)]
DECLINED = {"content": None, "refusal": "I cannot help with that"}


@pytest.fixture
def second(model: FakeOpenAI, settings: Settings) -> Iterator[FakeOpenAI]:
    """Another provider, slower than the first as far as is known: it comes after that one."""
    with FakeOpenAI() as server:
        settings.DEEPSEEK_API_KEY, settings.DEEPSEEK_BASE_URL = "sk-2", server.base_url
        latency.note("openai", 0.0)
        latency.note("deepseek", 600.0)
        yield server


@pytest.fixture
def third(second: FakeOpenAI, settings: Settings) -> Iterator[FakeOpenAI]:
    """The last provider to be asked."""
    with FakeOpenAI() as server:
        settings.GEMINI_API_KEY, settings.GEMINI_BASE_URL = "sk-3", server.base_url
        latency.note("gemini", 1200.0)
        yield server


def begun_run(channel: Channel) -> Run:
    return usage.begin_run(open_thread(receive(channel, QUESTION)), epoch=1)


def asked_once(run: Run, question: str, tier_cap: Tier | None = None) -> Routed:
    """The way of a question whose answer takes one call of one model."""
    return ask_models(
        [ChatMessage("user", question)],
        assessment=assess(question),
        run=run,
        call=lambda provider, messages: ask(provider, messages),
        tier_cap=tier_cap,
    )


def fail_always(server: FakeOpenAI, **behaviour: object) -> None:
    server.behave(replace(Behaviour(times=None), **behaviour))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("behaviour", "may_have_worked"),
    [
        (Behaviour(status=500), True),
        (Behaviour(status=503), False),
        (Behaviour(status=429, retry_after=30), False),
        (Behaviour(status=401), False),
        (Behaviour(status=402), False),
        (Behaviour(status=400, times=2), False),
        (Behaviour(status=404, times=2), False),
        (Behaviour(status=422, times=2), False),
        (Behaviour(drop="before"), True),
        (Behaviour(drop="after"), True),
        (Behaviour(distort="html"), True),
        (Behaviour(distort="truncated"), True),
        (Behaviour(distort="empty"), True),
        (Behaviour(distort="huge"), True),
        (Behaviour(delay=30), True),
    ],
)
def test_when_a_model_fails_the_next_is_asked_at_once(
    live_channel: Channel,
    model: FakeOpenAI,
    second: FakeOpenAI,
    settings: Settings,
    behaviour: Behaviour,
    may_have_worked: bool,
) -> None:
    settings.LLM_TIMEOUT_SECONDS = 5
    model.behave(behaviour)

    assert turns.run_turn(receive(live_channel, QUESTION).pk) == TurnResult.ANSWERED

    # A refusal may be meant for the functions that are offered: it is asked without them.
    assert (len(model.requests), len(second.requests)) == (behaviour.times, 1)
    run = Run.objects.get()
    assert (run.provider, run.usage_unknown) == ("deepseek", may_have_worked)
    assert "failed: openai: " in run.route
    assert run.output_tokens > 0


@pytest.mark.parametrize(
    ("behaviour", "calls"),
    [
        (Behaviour(status=500), 3),
        (Behaviour(status=429), 3),
        (Behaviour(drop="before"), 3),
        (Behaviour(distort="html"), 3),
        (Behaviour(status=401), 1),
        (Behaviour(status=403), 1),
        (Behaviour(status=400), 2),  # the second time without functions
        (Behaviour(status=422), 2),
    ],
)
def test_only_what_may_work_later_is_asked_again(
    live_channel: Channel, model: FakeOpenAI, behaviour: Behaviour, calls: int
) -> None:
    model.behave(replace(behaviour, times=None))

    assert turns.run_turn(receive(live_channel, QUESTION).pk) == TurnResult.FAILED

    assert len(model.requests) == calls


def test_a_model_that_declined_is_not_asked_twice_and_another_may_answer(
    live_channel: Channel, model: FakeOpenAI, second: FakeOpenAI
) -> None:
    model.configure(replies=[DECLINED])
    user = receive(live_channel, QUESTION)

    turns.run_turn(user.pk)

    assert outbound_texts(user) == [f"re: {QUESTION}"]
    assert (len(model.requests), len(second.requests)) == (1, 1)


def test_what_two_models_refuse_no_third_is_asked(
    live_channel: Channel, model: FakeOpenAI, second: FakeOpenAI, third: FakeOpenAI
) -> None:
    for server in (model, second):
        fail_always(server, status=400)

    assert turns.run_turn(receive(live_channel, QUESTION).pk) == TurnResult.FAILED

    assert [len(server.requests) for server in (model, second, third)] == [2, 2, 0]


def test_all_models_are_asked_before_any_is_asked_again(
    live_channel: Channel, model: FakeOpenAI, second: FakeOpenAI
) -> None:
    model.behave(Behaviour(status=500))
    second.behave(Behaviour(status=500))
    user = receive(live_channel, QUESTION)

    assert turns.run_turn(user.pk) == TurnResult.ANSWERED

    first_round = model.requests[0].started, second.requests[0].started
    again = [request.started for request in (*model.requests[1:], *second.requests[1:])]
    assert len(again) == 1
    assert max(first_round) < again[0]


def test_a_model_is_asked_again_when_it_said_it_may_be(live_channel: Channel, model: FakeOpenAI) -> None:
    model.behave(Behaviour(status=429, retry_after=0.7))

    assert turns.run_turn(receive(live_channel, QUESTION).pk) == TurnResult.ANSWERED

    refused, answered = model.requests
    assert answered.started - refused.started >= 0.7


def test_nobody_waits_for_what_is_later_than_the_turn_s_end(live_channel: Channel, model: FakeOpenAI) -> None:
    fail_always(model, status=429, retry_after=200)

    assert turns.run_turn(receive(live_channel, QUESTION).pk) == TurnResult.FAILED

    assert len(model.requests) == 1


def test_no_call_is_begun_that_could_outlast_the_turn(
    live_channel: Channel, model: FakeOpenAI, settings: Settings
) -> None:
    settings.LOCK_TIMEOUT_SECONDS, settings.LLM_TIMEOUT_SECONDS = 30, 25
    fail_always(model, status=500)

    turns.run_turn(receive(live_channel, QUESTION).pk)

    assert len(model.requests) == 1


def test_a_model_whose_circuit_is_open_is_passed_by(
    live_channel: Channel, model: FakeOpenAI, second: FakeOpenAI
) -> None:
    open_circuit("openai")

    turns.run_turn(receive(live_channel, QUESTION).pk)

    assert (len(model.requests), len(second.requests)) == (0, 1)


def test_few_of_sixty_turns_reach_a_dead_model(live_channel: Channel, model: FakeOpenAI) -> None:
    fail_always(model, status=500)
    users = [receive(live_channel, QUESTION, sender=f"57300{number:07}") for number in range(60)]

    for user in users:
        turns.run_turn(user.pk)

    assert len(model.requests) <= 10


def test_refusals_leave_the_circuit_closed_and_bad_keys_open_it(
    live_channel: Channel, model: FakeOpenAI
) -> None:
    fail_always(model, status=400)
    for _ in range(12):
        with pytest.raises(NoModelAnswered) as refused:
            asked_once(begun(live_channel), QUESTION)
        assert not refused.value.is_outage
    model.reset()
    fail_always(model, status=401)
    for _ in range(5):
        with pytest.raises(NoModelAnswered) as rejected:
            asked_once(begun(live_channel), QUESTION)

    assert rejected.value.is_outage
    assert circuit("openai").retry_after() > 50


def begun(channel: Channel) -> Run:
    """A run that is nobody's business any more once the next one is begun."""
    Run.objects.filter(state="active").update(state="failed")
    return begun_run(channel)


def test_the_usage_of_a_run_is_unknown_when_an_earlier_model_may_have_worked(
    live_channel: Channel, model: FakeOpenAI, second: FakeOpenAI
) -> None:
    model.behave(Behaviour(drop="after"))

    turns.run_turn(receive(live_channel, QUESTION).pk)

    run = Run.objects.get()
    assert (run.usage_unknown, run.cost_usd) == (True, None)
    assert min(run.input_tokens, run.output_tokens) > 0


def test_a_run_keeps_what_was_asked_and_why_it_went_where(
    live_channel: Channel, model: FakeOpenAI, second: FakeOpenAI
) -> None:
    model.behave(Behaviour(status=503, code="overloaded"))

    turns.run_turn(receive(live_channel, f"{ADVICE} Soy Marisol Quiñones").pk)

    run = Run.objects.get()
    assert (run.tier, run.intent) == ("complex", "advice")
    assert run.route.startswith("complex (advice); deepseek ")
    assert run.route.endswith("; failed: openai: HTTP 503 overloaded")
    assert "Marisol" not in run.route


def test_a_failed_run_keeps_its_road_too_and_no_more_than_fits(
    live_channel: Channel, model: FakeOpenAI, second: FakeOpenAI, third: FakeOpenAI
) -> None:
    for server in (model, second, third):
        fail_always(server, status=500, code="x" * 60)

    turns.run_turn(receive(live_channel, QUESTION).pk)

    run = Run.objects.get()
    assert (run.state, run.tier) == ("failed", "medium")
    assert run.route.count("failed: ") >= 5
    assert len(run.route) == 500


@pytest.mark.parametrize(("text", "thinking"), [("hola", "disabled"), (ADVICE, "enabled")])
def test_a_model_thinks_when_the_question_asks_for_it(
    live_channel: Channel, second: FakeOpenAI, settings: Settings, text: str, thinking: str
) -> None:
    settings.OPENAI_API_KEY = ""

    turns.run_turn(receive(live_channel, text).pk)

    assert second.requests[0].body["thinking"] == {"type": thinking}


@pytest.mark.parametrize(("text", "operation"), [(QUESTION, "chat"), (ADVICE, "create_response")])
def test_only_complex_questions_are_answered_in_the_background(
    live_channel: Channel, model: FakeOpenAI, settings: Settings, text: str, operation: str
) -> None:
    settings.OPENAI_RESPONSES = True

    turns.run_turn(receive(live_channel, text).pk)

    assert model.requests[0].operation == operation
    assert Run.objects.get().state == "completed"


def test_another_model_answers_when_the_background_does_not(
    live_channel: Channel, model: FakeOpenAI, second: FakeOpenAI, settings: Settings
) -> None:
    settings.OPENAI_RESPONSES = True
    model.configure(background_status="failed", background_seconds=0)

    turns.run_turn(receive(live_channel, ADVICE).pk)

    run = Run.objects.get()
    assert (run.state, run.provider, run.usage_unknown) == ("completed", "deepseek", True)


def test_a_cap_keeps_dearer_models_out(live_channel: Channel, second: FakeOpenAI) -> None:
    routed = asked_once(begun_run(live_channel), ADVICE, tier_cap=Tier.SIMPLE)

    assert routed.decision.tier == "simple"
    assert routed.decision.route.startswith("complex (advice), capped to simple; openai ")


def test_a_conversation_may_take_the_place_of_the_call(
    live_channel: Channel, model: FakeOpenAI, second: FakeOpenAI
) -> None:
    asked: list[str] = []

    def converse(provider: OpenAICompatible, messages: Sequence[ChatMessage]) -> Reply:
        asked.append(provider.name)
        if provider.name == "openai":
            raise ProviderUnavailableError("openai", "out of order")
        return Reply("¡Listo!", Usage(1, 0, 1), provider.name, provider.model, "stop")

    routed = ask_models(ASKED, assessment=assess(QUESTION), run=begun_run(live_channel), call=converse)

    assert (routed.reply.text, asked) == ("¡Listo!", ["openai", "deepseek"])


def test_nobody_is_asked_for_a_run_that_a_person_took_over(
    live_channel: Channel, model: FakeOpenAI, second: FakeOpenAI
) -> None:
    run = begun_run(live_channel)
    assert run.thread is not None
    user = run.thread.user

    def interrupted(provider: OpenAICompatible, messages: Sequence[ChatMessage]) -> Reply:
        takeover.pause(user)
        raise ProviderUnavailableError(provider.name, "no connection")

    with pytest.raises(RunTakenOver):
        ask_models(ASKED, assessment=assess(QUESTION), run=run, call=interrupted)
    assert second.requests == []


def test_without_a_route_no_model_can_be_asked(live_channel: Channel, model: FakeOpenAI) -> None:
    open_circuit("openai")

    with pytest.raises(NoModelAnswered, match="no model can be asked") as caught:
        asked_once(begun_run(live_channel), QUESTION)

    assert caught.value.is_outage
    assert caught.value.asked == frozenset()
    assert caught.value.candidates == frozenset({"openai"})


def test_a_probe_holds_its_lease_for_longer_than_a_call_may_take(settings: Settings) -> None:
    settings.LLM_TIMEOUT_SECONDS = 120

    assert circuit("openai")._policy.probe_seconds > live_settings.LLM_TIMEOUT_SECONDS


def test_the_latest_calls_weigh_most_in_the_latency() -> None:
    latency.forget()
    for seconds in (1.0, 1.0, 6.0):
        latency.note("openai", seconds)

    assert latency.measured() == {"openai": pytest.approx(2.0)}


def test_calls_that_brought_a_reply_are_measured(live_channel: Channel, model: FakeOpenAI) -> None:
    model.behave(Behaviour(delay=0.3))
    turns.run_turn(receive(live_channel, QUESTION).pk)

    assert 0.3 <= latency.measured()["openai"] < 5


def test_a_quota_of_our_own_spares_the_model_and_its_circuit(
    live_channel: Channel, model: FakeOpenAI, second: FakeOpenAI, settings: Settings
) -> None:
    settings.QUOTA_LIMITS = {"language_model": 1}
    run = begun_run(live_channel)

    routed = [asked_once(run, QUESTION).decision.route for _ in range(2)]

    assert "openai" in routed[0]
    assert "deepseek" in routed[1]
    assert "failed: openai: our own quota" in routed[1]
    assert circuit("openai").state() is State.CLOSED
