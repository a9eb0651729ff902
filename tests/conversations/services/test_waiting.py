"""An outage of all models: one notice, waiting that costs nothing, one answer, or a person in the end."""

from datetime import timedelta

import pytest
from django.db.models import F
from django.utils import timezone
from pytest_django import Settings

from botsite.resilience import leases
from botsite.resilience.breaker import FRESH_SECONDS
from botsite.resilience.breaker_shared import circuit_force
from botsite.resilience.leases import Lease
from conversations.llm.fallback import waiting_text
from conversations.models import KnowledgeEntry, Message, Run, WhatsAppUser
from conversations.services import circuits, inbox, takeover, turns, waiting
from conversations.services.answers import NoModelAtAll
from conversations.services.decision import Decision
from conversations.services.sweeper import Sweeper
from conversations.services.turn import Turn
from conversations.services.turns import TurnResult
from monitoring.services.breakers import breaker_force
from sessions_app.models import Channel
from tests.conversations.builders import (
    bsuid,
    inbound,
    inbound_states,
    lapse,
    outbound_texts,
    receive,
    wa_id,
)
from tests.conversations.models_out import open_circuit, rest_is_over
from tests.fakes.behaviour import Behaviour
from tests.fakes.graph import FakeGraph
from tests.fakes.openai_compatible import FakeOpenAI
from tests.processes import wait_until

QUESTION = "pregunta sin respuesta"
NOTICE = waiting_text("es")
CUSTOMER = "573000000001"
OTHER = "573000000002"


@pytest.fixture
def outage(model: FakeOpenAI) -> FakeOpenAI:
    """The only model's circuit is open."""
    open_circuit("openai")
    return model


def half_an_hour_goes_by(user: WhatsAppUser) -> None:
    lapse(user)
    WhatsAppUser.objects.filter(pk=user.pk).update(waiting_since=F("waiting_since") - waiting.LONGEST_WAIT)


def take_again(user: WhatsAppUser) -> TurnResult:
    lapse(user)
    return turns.run_turn(user.pk)


def due_soon() -> list[int]:
    """Who is to be answered as soon as every process knows what one has just learnt."""
    soon = timezone.now() + timedelta(seconds=FRESH_SECONDS)
    return list(WhatsAppUser.objects.filter(turn_due_at__lte=soon).values_list("pk", flat=True))


def test_a_customer_is_told_once_and_waits(
    live_channel: Channel, outage: FakeOpenAI, graph: FakeGraph
) -> None:
    user = receive(live_channel, QUESTION)

    assert turns.run_turn(user.pk) == TurnResult.WAITING
    assert take_again(user) == TurnResult.WAITING

    assert graph.texts_to(CUSTOMER) == [NOTICE]
    assert outage.requests == []
    message = Message.objects.get(direction="in")
    assert (message.state, message.reason) == ("pending", "waiting_for_provider")
    assert (message.failures, message.crashes) == (0, 0)
    assert set(Run.objects.values_list("state", "usage_unknown")) == {("failed", False)}


def test_the_turn_is_due_when_the_model_may_be_tried_again(live_channel: Channel, outage: FakeOpenAI) -> None:
    user = receive(live_channel, QUESTION)
    turns.run_turn(user.pk)

    user.refresh_from_db()
    assert user.lease_until is None
    assert user.waiting_since is not None
    assert user.turn_due_at is not None
    assert 30 < (user.turn_due_at - user.waiting_since).total_seconds() < 70


def test_the_soonest_of_several_models_counts(
    live_channel: Channel, outage: FakeOpenAI, settings: Settings
) -> None:
    settings.DEEPSEEK_API_KEY = "sk-2"
    open_circuit("deepseek")
    rest_is_over("deepseek")
    waits = no_model(candidates=frozenset({"openai", "deepseek"}))

    assert waiting._pause(waits) <= waiting.SHORTEST_PAUSE_SECONDS + waiting.JITTER_SECONDS
    assert waiting._pause(no_model(candidates=frozenset({"openai"}))) > 30
    assert waiting._pause(no_model(candidates=frozenset())) >= waiting.USUAL_PAUSE_SECONDS


def no_model(*, candidates: frozenset[str]) -> NoModelAtAll:
    return NoModelAtAll(
        "no model", usage_unknown=False, decision=Decision(), candidates=candidates, notice=NOTICE
    )


def test_a_model_that_begins_to_fail_costs_a_failure_and_then_the_customer_waits(
    live_channel: Channel, model: FakeOpenAI, graph: FakeGraph
) -> None:
    model.behave(Behaviour(status=500, times=None))
    user = receive(live_channel, QUESTION)

    assert turns.run_turn(user.pk) == TurnResult.FAILED
    assert graph.texts_to(CUSTOMER) == []
    assert take_again(user) == TurnResult.WAITING
    assert take_again(user) == TurnResult.WAITING

    assert graph.texts_to(CUSTOMER) == [NOTICE]
    assert Message.objects.get(direction="in").failures == 1
    assert len(model.requests) == 5


def test_what_the_customer_writes_meanwhile_waits_too(
    live_channel: Channel, outage: FakeOpenAI, graph: FakeGraph
) -> None:
    user = receive(live_channel, QUESTION)
    turns.run_turn(user.pk)
    receive(live_channel, "¿hay alguien?")

    reasons = Message.objects.filter(direction="in").values_list("reason", flat=True)
    assert set(reasons) == {"waiting_for_provider"}
    assert turns.run_turn(user.pk) == TurnResult.NOTHING_DUE
    assert take_again(user) == TurnResult.WAITING
    assert graph.texts_to(CUSTOMER) == [NOTICE]


def test_after_the_recovery_everything_is_answered_once(
    live_channel: Channel, outage: FakeOpenAI, graph: FakeGraph
) -> None:
    user = receive(live_channel, QUESTION)
    turns.run_turn(user.pk)
    receive(live_channel, "¿y mañana?")
    rest_is_over("openai")

    assert take_again(user) == TurnResult.ANSWERED
    assert turns.run_turn(user.pk) == TurnResult.NOTHING_DUE

    assert graph.texts_to(CUSTOMER) == [NOTICE, f"re: {QUESTION}\n¿y mañana?"]
    assert inbound_states(user) == ["merged", "answered"]
    user.refresh_from_db()
    assert user.waiting_since is None


def test_a_failed_probe_lets_the_customer_wait_on(
    live_channel: Channel, outage: FakeOpenAI, graph: FakeGraph
) -> None:
    user = receive(live_channel, QUESTION)
    turns.run_turn(user.pk)
    rest_is_over("openai")
    outage.behave(Behaviour(status=500))

    assert take_again(user) == TurnResult.WAITING

    assert len(outage.requests) == 1
    assert graph.texts_to(CUSTOMER) == [NOTICE]
    assert Message.objects.get(direction="in").failures == 0


def test_when_one_customer_is_answered_all_who_wait_are_due(
    live_channel: Channel, outage: FakeOpenAI
) -> None:
    waits, probes = receive(live_channel, QUESTION), receive(live_channel, QUESTION, sender=OTHER)
    for user in (waits, probes):
        turns.run_turn(user.pk)
    assert due_soon() == []
    rest_is_over("openai")

    assert take_again(probes) == TurnResult.ANSWERED

    assert due_soon() == [waits.pk]
    assert take_again(waits) == TurnResult.ANSWERED


def test_the_sweeper_answers_who_waited_once_and_needs_no_hint(
    live_channel: Channel, outage: FakeOpenAI, graph: FakeGraph
) -> None:
    user = receive(live_channel, QUESTION)
    turns.run_turn(user.pk)
    sweeper = Sweeper()
    sweeper.start()
    try:
        breaker_force("llm:openai", to_open=False, staff="sol")
        wait_until(lambda: len(graph.texts_to(CUSTOMER)) == 2)
        wait_until(lambda: inbound_states(user) == ["answered"])
    finally:
        sweeper.stop(wait=True)

    assert graph.texts_to(CUSTOMER) == [NOTICE, f"re: {QUESTION}"]


def test_a_circuit_that_staff_close_ends_the_wait(live_channel: Channel, outage: FakeOpenAI) -> None:
    user = receive(live_channel, QUESTION)
    turns.run_turn(user.pk)

    breaker_force("whapi:main", to_open=True, staff="sol")
    breaker_force("whapi:main", to_open=False, staff="sol")
    assert due_soon() == []
    breaker_force("llm:openai", to_open=False, staff="sol")

    assert due_soon() == [user.pk]


def test_a_circuit_that_closes_while_the_wait_is_written_is_not_missed(
    live_channel: Channel, model: FakeOpenAI
) -> None:
    user = receive(live_channel, QUESTION)
    lease, turn = begun(user)

    assert waiting.wait_for_a_model(lease, turn, no_model(candidates=frozenset({"openai"})))

    assert due_soon() == [user.pk]


def test_a_circuit_that_closed_elsewhere_a_moment_ago_is_not_missed_either(
    live_channel: Channel, outage: FakeOpenAI
) -> None:
    user = receive(live_channel, QUESTION)
    lease, turn = begun(user)
    assert circuits.are_down(["openai"])
    circuit_force("llm:openai", by="")

    assert waiting.wait_for_a_model(lease, turn, no_model(candidates=frozenset({"openai"})))

    assert due_soon() == [user.pk]


def test_after_half_an_hour_a_person_is_asked_for(
    live_channel: Channel, outage: FakeOpenAI, graph: FakeGraph
) -> None:
    user = receive(live_channel, QUESTION)
    turns.run_turn(user.pk)
    receive(live_channel, "¿hay alguien?")
    half_an_hour_goes_by(user)

    assert turns.run_turn(user.pk) == TurnResult.WAITING

    states = Message.objects.filter(direction="in").values_list("state", "reason", "crashes")
    assert set(states) == {("held", "provider_down", 0)}
    user.refresh_from_db()
    assert (user.waiting_since, user.turn_due_at, user.lease_until) == (None, None, None)
    assert graph.texts_to(CUSTOMER) == [NOTICE]


def test_the_wait_never_outlasts_half_an_hour(live_channel: Channel, outage: FakeOpenAI) -> None:
    user = receive(live_channel, QUESTION)
    turns.run_turn(user.pk)
    almost = timezone.now() - waiting.LONGEST_WAIT + timedelta(seconds=20)
    WhatsAppUser.objects.update(waiting_since=almost)

    take_again(user)

    user.refresh_from_db()
    assert user.turn_due_at == almost + waiting.LONGEST_WAIT


def test_whoever_was_held_and_writes_again_in_the_same_outage_is_not_told_again(
    live_channel: Channel, outage: FakeOpenAI, graph: FakeGraph
) -> None:
    user = receive(live_channel, QUESTION)
    turns.run_turn(user.pk)
    half_an_hour_goes_by(user)
    turns.run_turn(user.pk)
    receive(live_channel, "¿sigue ahí?")

    assert turns.run_turn(user.pk) == TurnResult.WAITING

    assert graph.texts_to(CUSTOMER) == [NOTICE]
    assert inbound_states(user) == ["held", "pending"]


def test_the_next_outage_is_told_of_again(
    live_channel: Channel, outage: FakeOpenAI, graph: FakeGraph
) -> None:
    user = receive(live_channel, QUESTION)
    turns.run_turn(user.pk)
    rest_is_over("openai")
    take_again(user)
    open_circuit("openai")
    receive(live_channel, QUESTION)

    assert turns.run_turn(user.pk) == TurnResult.WAITING

    assert graph.texts_to(CUSTOMER) == [NOTICE, f"re: {QUESTION}", NOTICE]


def test_a_person_who_takes_over_ends_the_wait(
    live_channel: Channel, outage: FakeOpenAI, graph: FakeGraph
) -> None:
    user = receive(live_channel, QUESTION)
    turns.run_turn(user.pk)

    takeover.pause(user)
    rest_is_over("openai")
    breaker_force("llm:openai", to_open=False, staff="sol")

    assert due_soon() == []
    assert Message.objects.get(direction="in").reason == "assistant_paused"
    user.refresh_from_db()
    assert user.waiting_since is None


def test_whoever_lost_the_user_tells_them_nothing(
    live_channel: Channel, outage: FakeOpenAI, graph: FakeGraph
) -> None:
    user = receive(live_channel, QUESTION)
    lease, turn = begun(user)
    takeover.pause(user)

    assert not waiting.wait_for_a_model(lease, turn, no_model(candidates=frozenset({"openai"})))

    assert outbound_texts(user) == []
    assert inbound_states(user) == ["held"]
    user.refresh_from_db()
    assert user.waiting_since is None


def begun(user: WhatsAppUser) -> tuple[Lease, Turn]:
    lease = leases.claim(WhatsAppUser.objects.filter(pk=user.pk), seconds=20)
    assert lease is not None
    turn = turns._begin(lease, user)
    assert turn is not None
    return lease, turn


def test_what_is_known_offline_is_answered_in_an_outage(
    live_channel: Channel, outage: FakeOpenAI, graph: FakeGraph
) -> None:
    KnowledgeEntry.objects.create(
        channel=live_channel, language="es", question="¿a qué hora abren?", answer="A las ocho."
    )
    user = receive(live_channel, "¿a qué hora abren?")

    assert turns.run_turn(user.pk) == TurnResult.ANSWERED

    assert graph.texts_to(CUSTOMER) == ["A las ocho."]
    run = Run.objects.get()
    assert (run.degraded, run.tier) == (True, "medium")


@pytest.mark.parametrize(
    ("language", "text", "told"),
    [
        ("es", "pregunta sin respuesta", "es"),
        ("es", "do you have any answer to this question?", "en"),
        ("en", "xyzzy", "en"),
        ("pt", "vocês têm alguma resposta para isto?", "pt"),
        ("pt-br", "alguma resposta?", "pt"),
    ],
)
def test_the_notice_speaks_the_customers_language(
    live_channel: Channel, outage: FakeOpenAI, graph: FakeGraph, language: str, text: str, told: str
) -> None:
    user = receive(live_channel, text)
    WhatsAppUser.objects.update(language=language)

    turns.run_turn(user.pk)

    assert graph.texts_to(CUSTOMER) == [waiting_text(told)]


def test_the_notices_differ() -> None:
    assert len({waiting_text(language) for language in ("es", "en", "pt")}) == 3
    assert waiting_text("de") == waiting_text("en")


def test_two_waiting_customers_who_are_one_wait_on_from_the_earlier_moment(
    live_channel: Channel, outage: FakeOpenAI
) -> None:
    one, other = receive(live_channel, QUESTION), receive(live_channel, QUESTION, sender=OTHER)
    for user in (one, other):
        turns.run_turn(user.pk)
    earlier = timezone.now() - timedelta(minutes=10)
    WhatsAppUser.objects.filter(pk=other.pk).update(waiting_since=earlier)
    names = (wa_id(CUSTOMER), wa_id(OTHER))

    inbox.receive(live_channel, [inbound("soy la misma", identities=(names[0], bsuid("CO.1")))])
    inbox.receive(live_channel, [inbound("soy la misma", identities=(names[1], bsuid("CO.1")))])

    kept = WhatsAppUser.objects.get()
    assert kept.waiting_since == earlier
    assert kept.outage_notice_at is not None
