"""The response cache: one answer for all who ask the same, and never another's answer."""

import threading
from typing import Any

import pytest
from django.core.cache import caches
from django.db import connection
from pytest_django import DjangoAssertNumQueries
from redis import Redis

from botsite.caching import AI_RESPONSE, process, put, shared
from conversations.llm.base import ProviderUnavailableError, Usage
from conversations.llm.profile import Profile
from conversations.llm.response_cache import Made
from conversations.models import KnowledgeEntry, PinnedAnswer, Thread
from conversations.services import usage
from conversations.services.answers import NO_USAGE
from conversations.services.asking import ask
from conversations.services.language_models import language_models
from conversations.services.prices import cost_usd
from conversations.services.response_cache import plan_for, prompt_for, reply_for, saved_usd
from sessions_app.models import Channel
from tests.conversations.builders import make_channel, receive
from tests.conversations.services.cache_cases import (
    MODEL,
    PROFILE,
    QUESTION,
    Maker,
    must_not_make,
    planned,
    reply_of,
)
from tests.fakes.behaviour import Behaviour
from tests.fakes.openai_compatible import FakeOpenAI
from tests.recording import RecordedMetrics

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("heard")]


def results(recorded: RecordedMetrics) -> dict[str, float]:
    names = ("hit", "miss", "pinned", "ineligible")
    counted = {name: recorded.total("ai_response_cache_total", name) for name in names}
    return {name: number for name, number in counted.items() if number}


def test_an_answer_is_made_once_and_then_found(channel: Channel, recorded: RecordedMetrics) -> None:
    make = Maker()

    first = reply_for(planned(channel), make)
    second = reply_for(planned(channel, "A QUE HORA ABREN"), must_not_make)
    process.local.clear()
    third = reply_for(planned(channel), must_not_make)

    assert make.calls == 1
    assert [first.source, second.source, third.source] == ["made", "cached", "cached"]
    assert first.reply == second.reply == third.reply == make.reply
    assert first.key == second.key == third.key
    assert results(recorded) == {"miss": 1, "hit": 2}


@pytest.mark.parametrize(
    ("question", "reason"),
    [
        ("sí", "intent: agreement"),
        ("2", "intent: choice"),
        ("¿dónde está mi pedido?", "intent: order_status"),
        ("¿lo venden?", "needs what was said before"),
        ("venden pan para 20", "holds a number"),
    ],
)
def test_what_may_not_be_answered_from_the_cache_has_no_plan_and_its_reason_is_counted(
    channel: Channel, recorded: RecordedMetrics, question: str, reason: str
) -> None:
    assert plan_for(channel_id=channel.pk, profile=PROFILE, language="es", question=question) is None

    assert results(recorded) == {"ineligible": 1}
    assert recorded.total("ai_response_cache_ineligible_total", reason) == 1


def test_what_is_not_eligible_costs_no_query(
    channel: Channel, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        plan_for(channel_id=channel.pk, profile=PROFILE, language="es", question="sí")


def test_a_plan_costs_one_query_and_then_none(
    channel: Channel, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(1):
        planned(channel)
    with django_assert_num_queries(0):
        planned(channel, "¿venden pan?")


def test_a_hit_takes_one_round_trip_to_redis_and_none_from_memory(
    channel: Channel, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    reply_for(planned(channel), Maker())
    calls: list[Any] = []
    execute: Any = Redis.execute_command

    def counted(self: Any, *words: Any, **options: Any) -> Any:
        calls.append(words[0])
        return execute(self, *words, **options)

    monkeypatch.setattr(Redis, "execute_command", counted)
    with django_assert_num_queries(0):
        reply_for(planned(channel), must_not_make)
        assert calls == []
        process.local.forget(AI_RESPONSE.name, "*:*")
        reply_for(planned(channel), must_not_make)

    assert calls == ["GET"]


@pytest.mark.parametrize(
    "make",
    [
        Maker(storable=False),
        Maker(reply_of(finish="length")),
        Maker(reply_of(finish="content_filter")),
        Maker(reply_of("x" * 8_001)),
    ],
    ids=["used a tool", "cut short", "filtered", "endless"],
)
def test_what_is_for_its_own_caller_alone_is_not_kept(channel: Channel, make: Maker) -> None:
    own = reply_for(planned(channel), make)

    assert (own.source, own.reply) == ("made", make.reply)
    assert reply_for(planned(channel), Maker()).source == "made"


def test_a_failing_maker_tells_its_caller_and_leaves_nothing_behind(channel: Channel) -> None:
    def fail() -> Made:
        raise ProviderUnavailableError("openai", "timeout")

    for _ in range(2):
        with pytest.raises(ProviderUnavailableError):
            reply_for(planned(channel), fail)

    assert reply_for(planned(channel), Maker()).source == "made"


def test_a_hundred_who_ask_at_once_cause_one_call(channel: Channel, model: FakeOpenAI) -> None:
    model.behave(Behaviour(delay=1.5))  # longer than others wait for a client's data
    sources: list[str] = []

    def ask_it() -> None:
        plan = planned(channel)
        cached = reply_for(plan, lambda: Made(ask(language_models()[0], prompt_for(plan))))
        assert cached.reply.text == f"re: {QUESTION}"
        sources.append(cached.source)

    _all_at_once(ask_it, times=100)

    assert len(model.requests) == 1
    assert sorted(sources) == ["cached"] * 99 + ["made"]


def test_when_the_one_who_makes_it_fails_the_others_make_their_own_once(channel: Channel) -> None:
    plan, under_way, gate = planned(channel), threading.Event(), threading.Event()
    calls: list[int] = []
    outcomes: list[str] = []

    def make() -> Made:
        calls.append(1)
        if len(calls) > 1:
            return Made(reply_of())
        under_way.set()
        gate.wait(10)
        raise ProviderUnavailableError("openai", "timeout")

    def ask_it() -> None:
        try:
            outcomes.append(reply_for(plan, make).reply.text)
        except ProviderUnavailableError:
            outcomes.append("failed")

    first = threading.Thread(target=ask_it)
    first.start()
    assert under_way.wait(10)
    others = [threading.Thread(target=ask_it) for _ in range(3)]
    for other in others:
        other.start()
    gate.set()
    for each in (first, *others):
        each.join()

    assert sorted(outcomes) == ["A las nueve."] * 3 + ["failed"]
    assert len(calls) <= 4


def test_no_database_connection_is_held_while_an_answer_is_made(channel: Channel) -> None:
    held: list[bool] = []

    def make() -> Made:
        held.append(connection.connection is not None)
        return Made(reply_of())

    reply_for(planned(channel), make)

    assert held == [False]


def test_without_redis_everybody_makes_their_own(channel: Channel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process.listener, "hears", lambda: False)
    make = Maker()

    assert [reply_for(planned(channel), make).source for _ in range(2)] == ["made", "made"]
    assert make.calls == 2


@pytest.mark.parametrize("value", [{}, {"text": ""}, {"text": 1, "tokens": []}, ["a"], None, 3])
def test_what_is_no_kept_answer_is_made_anew(channel: Channel, value: object) -> None:
    plan = planned(channel)
    put(AI_RESPONSE, value, channel=channel.pk, digest=plan.key)

    assert reply_for(plan, Maker()).source == "made"
    assert reply_for(plan, must_not_make).source == "cached"


def test_another_channel_profile_language_or_tier_has_an_answer_of_its_own(channel: Channel) -> None:
    other = make_channel("other", phone_number_id="2")
    plans = [
        planned(channel),
        planned(other),
        planned(channel, profile=Profile("Eres Luna.", "friendly")),
        planned(channel, "hola"),
        planned(channel, "menú"),
        planned(channel, "menú", language="pt"),
    ]

    assert len({plan.key for plan in plans}) == len(plans)


def test_two_customers_get_the_same_text_and_its_prompt_held_nothing_of_either(
    channel: Channel, model: FakeOpenAI
) -> None:
    KnowledgeEntry.objects.create(question="¿A qué hora abren?", answer="A las nueve.")
    customers = [
        receive(channel, "Hola, soy celíaca", sender="573000000001"),
        receive(channel, "Me llamo Bruno y pedí pan", sender="573000000002"),
    ]
    for user, name in zip(customers, ("Ana Lucía Restrepo", "Bruno Quispe"), strict=True):
        user.name, user.labels = name, ["moroso"]
        user.save()
        Thread.objects.create(user=user, summary="Compró tres panes.")

    def text_for_anybody() -> str:
        plan = planned(channel)
        return reply_for(plan, lambda: Made(ask(language_models()[0], prompt_for(plan)))).reply.text

    texts = [text_for_anybody() for _ in customers]

    assert texts == [f"re: {QUESTION}"] * 2
    [request] = model.requests
    system, *turns = request.body["messages"]
    assert turns == [{"role": "user", "content": QUESTION}]
    assert "A las nueve." in system["content"]
    for private in ("Ana", "Bruno", "moroso", "celíaca", "panes", "57300", "<customer>\n", "<memory>\n"):
        assert private not in system["content"]
    for section in ("<cart>\n", "<summary>\n", "Now: "):
        assert section not in system["content"]


def test_a_pin_answers_whatever_prompt_tier_and_language(channel: Channel, recorded: RecordedMetrics) -> None:
    reply_for(planned(channel), Maker())
    pin = PinnedAnswer.objects.create(channel=channel, question="A qué hora abren", answer="Desde las 8.")

    for values in ({}, {"profile": Profile("Eres Luna.")}, {"language": "en"}):
        pinned = reply_for(planned(channel, **values), must_not_make)
        assert (pinned.source, pinned.reply.text, pinned.key) == ("pinned", "Desde las 8.", f"pin-{pin.pk}")
        assert (pinned.reply.provider, pinned.reply.model, pinned.reply.usage) == ("cache", "", Usage())
    assert results(recorded) == {"miss": 1, "pinned": 3}

    pin.delete()
    assert reply_for(planned(channel), must_not_make).source == "cached"


def test_a_channels_own_pin_goes_before_the_one_for_all_and_its_language_before_any(
    channel: Channel,
) -> None:
    other = make_channel("other", phone_number_id="2")
    for values in (
        {"channel": channel, "answer": "own"},
        {"channel": None, "answer": "all"},
        {"channel": channel, "answer": "own, English", "language": "en"},
    ):
        PinnedAnswer.objects.create(question="menú", **values)

    def answer_in(where: Channel, language: str) -> str:
        return reply_for(planned(where, "MENU!", language=language), must_not_make).reply.text

    assert answer_in(channel, "es") == "own"
    assert answer_in(channel, "en") == "own, English"
    assert answer_in(other, "en") == "all"


def test_pins_survive_a_redis_that_lost_everything(channel: Channel) -> None:
    PinnedAnswer.objects.create(question=QUESTION, answer="Desde las 8.")
    planned(channel)

    caches[shared.ALIAS].clear()
    process.local.clear()

    assert reply_for(planned(channel), must_not_make).source == "pinned"


def test_pins_are_not_read_for_every_message(
    channel: Channel, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    PinnedAnswer.objects.create(question=QUESTION, answer="Desde las 8.")
    planned(channel)

    with django_assert_num_queries(0):
        assert reply_for(planned(channel), must_not_make).source == "pinned"


def test_a_run_answered_from_the_cache_tells_what_it_saved(channel: Channel) -> None:
    reply_for(planned(channel), Maker())
    cached = reply_for(planned(channel), must_not_make)
    thread = Thread.objects.create(user=receive(channel, QUESTION))
    run = usage.begin_run(thread, epoch=1)

    usage.complete_run(
        run,
        provider="cache",
        model=cached.reply.model,
        usage=NO_USAGE,
        cache_key=cached.key,
        saved_usd=saved_usd(cached),
    )

    run.refresh_from_db()
    expected = cost_usd(provider="openai", model=MODEL, usage=Usage(900, 100, 40))
    assert expected is not None
    assert expected > 0
    assert (run.provider, run.model, run.cost_usd, run.saved_usd) == ("cache", MODEL, None, expected)
    assert (run.input_tokens, run.usage_unknown, run.cache_key) == (0, False, cached.key)


def test_nothing_is_said_to_be_saved_where_that_is_not_known(channel: Channel) -> None:
    made = reply_for(planned(channel), Maker(reply_of(usage=Usage(is_known=False))))
    cached = reply_for(planned(channel), must_not_make)

    assert (saved_usd(made), saved_usd(cached)) == (None, None)
    reply_for(planned(channel, "¿venden pan?"), Maker(reply_of(model="unheard-of")))
    assert saved_usd(reply_for(planned(channel, "¿venden pan?"), must_not_make)) is None


def _all_at_once(work: Any, *, times: int) -> None:
    failures: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
