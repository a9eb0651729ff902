"""Turns: one holder a user, everything answered once, a lost lease changes nothing."""

import threading

from django.db import connection
from django.db.models import F
from django.utils import timezone

from botsite.resilience import leases
from conversations.llm.base import Usage
from conversations.models import Message, Run, WhatsAppUser
from conversations.services import inbox, takeover, turns
from conversations.services.prices import cost_usd
from conversations.services.turns import TurnResult
from sessions_app.models import Channel
from tests.conversations.builders import (
    inbound,
    inbound_states,
    lapse,
    outbound_states,
    outbound_texts,
    receive,
)
from tests.fakes.behaviour import Behaviour
from tests.fakes.graph import FakeGraph
from tests.fakes.openai_compatible import FakeOpenAI


def test_a_message_is_answered_and_sent(live_channel: Channel, graph: FakeGraph, model: FakeOpenAI) -> None:
    user = receive(live_channel, "¿A qué hora abren?")

    assert turns.run_turn(user.pk) == TurnResult.ANSWERED

    assert graph.texts_to("573000000001") == ["re: ¿A qué hora abren?"]
    assert inbound_states(user) == ["answered"]
    assert outbound_states(user) == ["accepted"]
    user.refresh_from_db()
    assert (user.turn_due_at, user.lease_until) == (None, None)


def test_a_burst_is_one_run(live_channel: Channel, graph: FakeGraph, model: FakeOpenAI) -> None:
    user = receive(live_channel, "hola", "¿tienen", "leche?")

    turns.run_turn(user.pk)

    assert inbound_states(user) == ["merged", "merged", "answered"]
    assert graph.texts_to("573000000001") == ["re: hola\n¿tienen\nleche?"]
    run = Run.objects.get()
    assert (run.state, run.provider) == ("completed", "openai")
    assert run.input_tokens > 0
    assert run.output_tokens > 0
    usage = Usage(run.input_tokens, 0, run.output_tokens)
    assert run.cost_usd == cost_usd(provider="openai", model="gpt-5.4-mini", usage=usage)


def test_a_burst_is_ordered_by_the_providers_time(live_channel: Channel, model: FakeOpenAI) -> None:
    first, second = inbound("uno"), inbound("dos")
    inbox.receive(live_channel, [second])
    inbox.receive(live_channel, [first])
    user = WhatsAppUser.objects.get()

    turns.run_turn(user.pk)

    assert outbound_texts(user) == ["re: uno\ndos"]


def test_the_history_goes_along(live_channel: Channel, model: FakeOpenAI) -> None:
    user = receive(live_channel, "me llamo Sol")
    turns.run_turn(user.pk)
    receive(live_channel, "¿cómo me llamo?")
    turns.run_turn(user.pk)

    prompt = model.requests[-1].body["messages"]
    assert [(turn["role"], turn["content"]) for turn in prompt[1:]] == [
        ("user", "me llamo Sol"),
        ("assistant", "re: me llamo Sol"),
        ("user", "¿cómo me llamo?"),
    ]


def test_what_arrives_during_a_turn_is_drained_by_its_holder(
    live_channel: Channel, model: FakeOpenAI
) -> None:
    model.behave(Behaviour(delay=0.5))
    user = receive(live_channel, "uno")
    holder = threading.Thread(target=_run_and_close, args=(user.pk,))
    holder.start()
    assert model.wait_for(lambda: len(model.requests) == 1)
    receive(live_channel, "dos")

    assert turns.run_turn(user.pk) == TurnResult.BUSY
    holder.join()

    assert outbound_texts(user) == ["re: uno", "re: dos"]
    assert inbound_states(user) == ["answered", "answered"]


def test_what_comes_too_fast_during_a_turn_waits_for_a_later_one(
    live_channel: Channel, model: FakeOpenAI
) -> None:
    user = receive(live_channel, *["hola"] * 30)
    turns.run_turn(user.pk)
    model.behave(Behaviour(delay=0.5))
    receive(live_channel, "¿y mañana?")  # one too many: it waits, and begins its turn when it is due
    lapse(user)
    holder = threading.Thread(target=_run_and_close, args=(user.pk,))
    holder.start()
    assert model.wait_for(lambda: len(model.requests) == 2)
    receive(live_channel, "¿y el lunes?")
    holder.join()

    assert inbound_states(user)[-2:] == ["answered", "pending"]
    user.refresh_from_db()
    assert user.turn_due_at is not None
    assert 0 < (user.turn_due_at - timezone.now()).total_seconds() <= 60
    lapse(user)
    turns.run_turn(user.pk)
    assert inbound_states(user)[-1] == "answered"


def test_a_hint_that_comes_too_early_does_nothing(live_channel: Channel) -> None:
    user = receive(live_channel, "hola")
    lapse(user, seconds=-60)

    assert turns.run_turn(user.pk) == TurnResult.NOTHING_DUE
    assert inbound_states(user) == ["pending"]


def test_whoever_lost_the_lease_changes_nothing(live_channel: Channel, model: FakeOpenAI) -> None:
    model.behave(Behaviour(delay=0.5))
    user = receive(live_channel, "hola")
    results: list[TurnResult] = []
    stopped = threading.Thread(target=_run_and_close, args=(user.pk, results))
    stopped.start()
    assert model.wait_for(lambda: len(model.requests) == 1)
    WhatsAppUser.objects.update(lease_epoch=F("lease_epoch") + 1)
    stopped.join()

    assert results == [TurnResult.LOST]
    assert outbound_texts(user) == []
    assert inbound_states(user) == ["pending"]


def test_a_reply_that_is_being_made_is_not_sent_after_a_person_took_over(
    live_channel: Channel, model: FakeOpenAI, graph: FakeGraph
) -> None:
    model.behave(Behaviour(delay=0.5))
    user = receive(live_channel, "hola")
    working = threading.Thread(target=_run_and_close, args=(user.pk,))
    working.start()
    assert model.wait_for(lambda: len(model.requests) == 1)
    takeover.pause(user)
    working.join()

    assert graph.sent == []
    assert inbound_states(user) == ["held"]


def test_a_vanished_worker_is_a_crash_and_the_turn_is_taken_again(
    live_channel: Channel, model: FakeOpenAI
) -> None:
    user = receive(live_channel, "hola")
    lease = leases.claim(WhatsAppUser.objects.filter(pk=user.pk), seconds=20)
    assert lease is not None
    assert turns._begin(lease, user) is not None
    lapse(user)

    assert turns.run_turn(user.pk) == TurnResult.ANSWERED

    assert set(Run.objects.values_list("state", flat=True)) == {"crashed", "completed"}
    assert Message.objects.get(direction="in").crashes == 1
    assert outbound_texts(user) == ["re: hola"]


def test_after_five_crashes_a_message_is_parked(live_channel: Channel, model: FakeOpenAI) -> None:
    user = receive(live_channel, "hola")
    Message.objects.update(crashes=5)

    assert turns.run_turn(user.pk) == TurnResult.NOTHING_DUE

    message = Message.objects.get()
    assert (message.state, message.reason) == ("parked", "crashed too often")
    assert model.requests == []


def test_a_message_that_models_refuse_is_tried_three_times_and_then_parked(
    live_channel: Channel, model: FakeOpenAI
) -> None:
    user = receive(live_channel, "pregunta sin respuesta")
    for attempt in range(1, 4):
        model.behave(Behaviour(status=400, times=2))  # with functions, and without them
        assert turns.run_turn(user.pk) == TurnResult.FAILED
        assert Message.objects.get().failures == attempt
        lapse(user)

    user.refresh_from_db()
    assert user.turn_due_at is None
    message = Message.objects.get()
    assert (message.state, message.reason, message.crashes) == ("parked", "failed too often", 0)
    assert len(model.requests) == 6


def test_without_a_model_the_offline_responder_answers_or_holds(live_channel: Channel) -> None:
    user = receive(live_channel, "hola")
    turns.run_turn(user.pk)
    receive(live_channel, "¿cuál es la raíz cuadrada de la luna?")
    turns.run_turn(user.pk)

    assert inbound_states(user) == ["answered", "held"]
    assert len(outbound_texts(user)) == 2
    assert Message.objects.filter(state="held").get().reason == "no_answer_known"


def test_a_long_answer_is_split_at_the_providers_limit(
    live_channel: Channel, model: FakeOpenAI, graph: FakeGraph
) -> None:
    answer = "palabra " * 800
    model.configure(replies=[answer])
    user = receive(live_channel, "cuéntamelo todo")

    turns.run_turn(user.pk)

    texts = graph.texts_to("573000000001")
    assert len(texts) == 2
    assert all(len(text) <= 4096 for text in texts)
    assert " ".join(texts).split() == answer.split()
    assert outbound_states(user) == ["accepted", "accepted"]


def _run_and_close(user_id: int, results: list[TurnResult] | None = None) -> None:
    result = turns.run_turn(user_id)
    connection.close()
    if results is not None:
        results.append(result)


def test_what_a_customer_says_of_themselves_is_in_the_next_prompt(
    live_channel: Channel, model: FakeOpenAI
) -> None:
    user = receive(live_channel, "Hola, soy celíaca")
    turns.run_turn(user.pk)

    receive(live_channel, "¿qué me recomiendan?")
    turns.run_turn(user.pk)

    first, second = (str(request.body["messages"][0]["content"]) for request in model.requests)
    assert "soy celíaca" not in first
    assert "soy celíaca" in second
