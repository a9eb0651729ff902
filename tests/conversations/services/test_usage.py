"""The ledger: what a run used is known, or the run is listed as one of which nobody knows it."""

import threading

import pytest
from django.db import connection
from django.db.models import F
from pytest_django import Settings

from botsite.resilience import leases
from conversations.models import Run, Thread, WhatsAppUser
from conversations.services import takeover, turns
from conversations.services.turns import TurnResult
from sessions_app.models import Channel
from tests.conversations.builders import lapse, outbound_texts, receive
from tests.fakes.behaviour import Behaviour
from tests.fakes.openai_compatible import FakeOpenAI
from tests.faults.stores import free_port

QUESTION = "pregunta sin respuesta"
ADVICE = "¿cuál me conviene más y por qué?"
"""Complex: it is answered in the background, where the provider can."""

GREETING = "hola"
"""What the offline responder answers too."""


def unknown_runs() -> list[str]:
    """The states of the runs of which nobody knows what they used."""
    return list(Run.objects.filter(usage_unknown=True).values_list("state", flat=True))


def test_the_usage_of_an_answer_is_known(live_channel: Channel, model: FakeOpenAI) -> None:
    turns.run_turn(receive(live_channel, QUESTION).pk)

    run = Run.objects.get()
    assert (run.state, run.usage_unknown, run.folded_at) == ("completed", False, None)
    assert None not in (run.input_tokens or None, run.output_tokens or None, run.cost_usd)


def test_a_commit_makes_the_fold_due_and_leaves_the_total_to_it(
    live_channel: Channel, model: FakeOpenAI
) -> None:
    turns.run_turn(receive(live_channel, QUESTION).pk)

    thread = Thread.objects.get()
    assert thread.token_count == 0
    assert thread.activity_since is not None
    assert thread.activity_due_at is not None
    assert round((thread.activity_due_at - thread.activity_since).total_seconds()) == 600


def test_an_answer_without_a_usage_is_sent_and_listed(live_channel: Channel, model: FakeOpenAI) -> None:
    model.configure(reports_usage=False)
    user = receive(live_channel, QUESTION)

    turns.run_turn(user.pk)

    assert outbound_texts(user) == [f"re: {QUESTION}"]
    assert unknown_runs() == ["completed"]
    assert Run.objects.get().cost_usd is None


@pytest.mark.parametrize(
    "behaviour",
    [
        Behaviour(status=500, times=None),
        Behaviour(status=504, times=None),
        Behaviour(drop="after", times=None),
        Behaviour(delay=1.5, times=None),
        Behaviour(distort="garbage", times=None),
        Behaviour(distort="empty", times=None),
        Behaviour(distort="truncated", times=None),
    ],
)
def test_a_model_that_may_have_worked_is_listed(
    live_channel: Channel, model: FakeOpenAI, settings: Settings, behaviour: Behaviour
) -> None:
    settings.LLM_TIMEOUT_SECONDS = 0.5
    model.behave(behaviour)

    assert turns.run_turn(receive(live_channel, QUESTION).pk) == TurnResult.FAILED

    assert unknown_runs() == ["failed"]


def test_a_degraded_answer_is_listed_for_the_model_that_may_have_worked_before(
    live_channel: Channel, model: FakeOpenAI
) -> None:
    user = receive(live_channel, GREETING)
    model.behave(Behaviour(drop="after", times=3))
    assert turns.run_turn(user.pk) == TurnResult.ANSWERED
    receive(live_channel, GREETING)
    model.behave(Behaviour(status=429, times=3))
    assert turns.run_turn(user.pk) == TurnResult.ANSWERED

    assert list(Run.objects.order_by("pk").values_list("degraded", "usage_unknown")) == [
        (True, True),
        (True, False),
    ]


@pytest.mark.parametrize("status", [400, 401, 429, 503])
def test_a_model_that_refused_is_not_listed(live_channel: Channel, model: FakeOpenAI, status: int) -> None:
    model.behave(Behaviour(status=status, times=None))

    assert turns.run_turn(receive(live_channel, QUESTION).pk) == TurnResult.FAILED

    assert unknown_runs() == []


def test_a_model_that_could_not_be_reached_is_not_listed(
    live_channel: Channel, model: FakeOpenAI, settings: Settings
) -> None:
    settings.OPENAI_BASE_URL = f"http://127.0.0.1:{free_port()}/v1"

    assert turns.run_turn(receive(live_channel, QUESTION).pk) == TurnResult.FAILED

    assert unknown_runs() == []


def vanish(user: WhatsAppUser) -> None:
    lease = leases.claim(WhatsAppUser.objects.filter(pk=user.pk), seconds=20)
    assert lease is not None
    assert turns._begin(lease, user) is not None
    lapse(user)


def test_a_run_whose_worker_vanished_is_listed(live_channel: Channel, model: FakeOpenAI) -> None:
    user = receive(live_channel, QUESTION)
    vanish(user)

    turns.run_turn(user.pk)

    assert unknown_runs() == ["crashed"]


def test_without_a_model_there_is_nothing_to_list(live_channel: Channel) -> None:
    user = receive(live_channel, GREETING)
    vanish(user)
    turns.run_turn(user.pk)

    assert set(Run.objects.values_list("state", flat=True)) == {"crashed", "completed"}
    assert unknown_runs() == []


def test_a_run_that_was_abandoned_for_a_person_is_listed(live_channel: Channel, model: FakeOpenAI) -> None:
    user = receive(live_channel, QUESTION)
    vanish(user)

    takeover.pause(user)

    assert unknown_runs() == ["abandoned"]


def test_a_turn_that_lost_its_user_is_listed(live_channel: Channel, model: FakeOpenAI) -> None:
    model.behave(Behaviour(delay=0.5))
    user = receive(live_channel, QUESTION)
    stopped = threading.Thread(target=run_and_close, args=(user.pk,))
    stopped.start()
    assert model.wait_for(lambda: len(model.requests) == 1)
    WhatsAppUser.objects.update(lease_epoch=F("lease_epoch") + 1, lease_until=None)
    stopped.join()

    turns.run_turn(user.pk)

    assert unknown_runs() == ["crashed"]
    assert len(model.requests) == 2


def run_and_close(user_id: int) -> None:
    turns.run_turn(user_id)
    connection.close()


def test_a_background_response_that_fails_is_listed(
    live_channel: Channel, model: FakeOpenAI, settings: Settings
) -> None:
    settings.OPENAI_RESPONSES = True
    model.configure(background_status="failed", background_seconds=0)

    model.behave(Behaviour(status=500, times=None))
    turns.run_turn(receive(live_channel, ADVICE).pk)

    assert unknown_runs() == ["failed"]
