"""What a vanished worker leaves behind is taken up again, once."""

import os
import signal
import subprocess
import sys
import textwrap

import pytest
from django.core.management import call_command
from django.db import connection
from pytest_django import Settings

from botsite.resilience import leases
from conversations.llm.base import ChatMessage
from conversations.llm.providers import OpenAIResponses
from conversations.models import Message, Run, WhatsAppUser
from conversations.services import recovery, turns
from conversations.services.catch_up import catch_up
from conversations.services.language_models import language_models
from conversations.services.turns import TurnResult
from sessions_app.models import Channel
from tests.conversations.builders import inbound_states, lapse, outbound_texts, receive
from tests.conversations.models_out import open_circuit
from tests.fakes.graph import FakeGraph
from tests.fakes.openai_compatible import FakeOpenAI


def begin_and_vanish(user: WhatsAppUser) -> None:
    lease = leases.claim(WhatsAppUser.objects.filter(pk=user.pk), seconds=20)
    assert lease is not None
    assert turns._begin(lease, user) is not None
    lapse(user)


def test_catching_up_answers_orphans_and_says_so(
    live_channel: Channel, model: FakeOpenAI, graph: FakeGraph
) -> None:
    orphan = receive(live_channel, "uno", sender="573000000001")
    begin_and_vanish(orphan)
    receive(live_channel, "dos", sender="573000000002")
    assert recovery.orphaned_users(10) == [orphan.pk]

    counts = catch_up()

    assert counts == {
        "orphaned": 1,
        "recovered": 1,
        "answered": 1,
        "decided": 0,
        "sent": 0,
        "folded": 0,
        "still_waiting": 0,
    }
    assert sorted(sent.text for sent in graph.sent) == ["re: dos", "re: uno"]
    assert set(catch_up().values()) == {0}


def test_catching_up_folds_what_is_due(live_channel: Channel, model: FakeOpenAI, settings: Settings) -> None:
    settings.ACTIVITY_DELAY_SECONDS = 0
    receive(live_channel, "uno")

    assert catch_up()["folded"] == 1
    assert catch_up()["folded"] == 0


def test_the_command_prints_the_counts(live_channel: Channel, capsys: pytest.CaptureFixture[str]) -> None:
    receive(live_channel, "hola")

    call_command("recover")

    assert "answered: 1" in capsys.readouterr().out


def test_a_run_that_never_comes_back_ends_in_the_dead_letter(
    live_channel: Channel, model: FakeOpenAI
) -> None:
    user = receive(live_channel, "la que tumba al trabajador")
    for _ in range(5):
        begin_and_vanish(user)

    turns.run_turn(user.pk)

    assert inbound_states(user) == ["parked"]
    assert Run.objects.filter(state="crashed").count() == 5
    assert model.requests == []


WORKER = textwrap.dedent(
    """
    import os
    import django
    django.setup()
    from django.conf import settings
    settings.OPENAI_API_KEY, settings.OPENAI_BASE_URL = "sk-test", os.environ["FAKE_MODEL"]
    from conversations.services import turns
    turns.run_turn(int(os.environ["USER_ID"]))
    """
)


def test_a_worker_that_is_killed_while_the_model_works_loses_nothing(
    live_channel: Channel, model: FakeOpenAI, graph: FakeGraph
) -> None:
    user = receive(live_channel, "hola")
    model.configure(latency=(5, 5))
    worker = start_worker(user, model)
    assert model.wait_for(lambda: len(model.requests) == 1, seconds=60)
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    model.configure(latency=(0, 0))
    lapse(user)

    turns.run_turn(user.pk)

    assert graph.texts_to("573000000001") == ["re: hola"]
    assert outbound_texts(user) == ["re: hola"]
    assert Message.objects.get(direction="in").crashes == 1


def start_worker(user: WhatsAppUser, model: FakeOpenAI) -> "subprocess.Popen[bytes]":
    """A process that takes the user's turn, on the test's database."""
    name = connection.settings_dict["NAME"]
    url = os.environ["DATABASE_URL"].rpartition("/")[0] + f"/{name}"
    environment = {
        **os.environ,
        "DATABASE_URL": url,
        "USER_ID": str(user.pk),
        "FAKE_MODEL": model.base_url,
        "DJANGO_SETTINGS_MODULE": "botsite.settings",
    }
    return subprocess.Popen([sys.executable, "-c", WORKER], env=environment)


ADVICE = "¿cuál me conviene más y por qué?"
"""A complex question: only those are answered in the background."""


@pytest.fixture
def background(model: FakeOpenAI, settings: Settings) -> FakeOpenAI:
    """A model that answers in the background, so that its reply can be fetched by another worker."""
    settings.OPENAI_RESPONSES = True
    return model


def vanish_with_a_response_under_way(user: WhatsAppUser, model: FakeOpenAI) -> Run:
    """Leave behind what a worker leaves that is killed after the response was begun."""
    lease = leases.claim(WhatsAppUser.objects.filter(pk=user.pk), seconds=20)
    assert lease is not None
    turn = turns._begin(lease, user)
    assert turn is not None
    provider = language_models()[0]
    assert isinstance(provider, OpenAIResponses)
    response_id = provider.start(
        [ChatMessage("user", "hola")], max_output_tokens=10, metadata={"run_id": str(turn.run.pk)}
    )
    Run.objects.filter(pk=turn.run.pk).update(response_id=response_id)
    lapse(user)
    return turn.run


def test_a_background_answer_is_waited_for_and_delivered(
    live_channel: Channel, background: FakeOpenAI, graph: FakeGraph
) -> None:
    user = receive(live_channel, ADVICE)

    assert turns.run_turn(user.pk) == TurnResult.ANSWERED

    assert graph.texts_to("573000000001") == [f"re: {ADVICE}"]
    run = Run.objects.get()
    assert run.response_id.startswith("resp_")
    created = next(r for r in background.requests if r.operation == "create_response")
    assert created.body["metadata"] == {"run_id": str(run.pk)}


def test_the_finished_answer_of_a_vanished_worker_is_fetched_and_delivered(
    live_channel: Channel, background: FakeOpenAI, graph: FakeGraph
) -> None:
    user = receive(live_channel, "hola")
    orphan = vanish_with_a_response_under_way(user, background)
    receive(live_channel, "¿y mañana?")

    assert turns.run_turn(user.pk) == TurnResult.ANSWERED

    assert graph.texts_to("573000000001") == ["re: hola", "re: ¿y mañana?"]
    orphan.refresh_from_db()
    assert orphan.state == "completed"
    asked = [r.operation for r in background.requests if r.operation != "retrieve_response"]
    assert asked == ["create_response", "chat"]  # the later message is simple; nothing was asked twice


def test_a_response_is_fetched_from_whom_it_was_begun_with_whatever_was_changed_since(
    live_channel: Channel, background: FakeOpenAI, graph: FakeGraph, settings: Settings
) -> None:
    user = receive(live_channel, ADVICE)
    orphan = vanish_with_a_response_under_way(user, background)
    Run.objects.filter(pk=orphan.pk).update(provider="openai")
    settings.OPENAI_RESPONSES = False
    settings.DEEPSEEK_API_KEY, settings.DEEPSEEK_BASE_URL = "sk-2", "http://127.0.0.1:9/v1"
    open_circuit("openai")

    assert turns.run_turn(user.pk) == TurnResult.ANSWERED

    assert graph.texts_to("573000000001") == ["re: hola"]
    orphan.refresh_from_db()
    assert (orphan.state, orphan.provider) == ("completed", "openai")
    assert orphan.route == "fetched by id after its worker had vanished"


def test_a_response_whose_provider_is_gone_is_asked_anew(
    live_channel: Channel, background: FakeOpenAI, settings: Settings
) -> None:
    user = receive(live_channel, ADVICE)
    orphan = vanish_with_a_response_under_way(user, background)
    settings.OPENAI_API_KEY = ""

    assert turns.run_turn(user.pk) == TurnResult.FAILED

    orphan.refresh_from_db()
    assert (orphan.state, orphan.usage_unknown) == ("failed", True)


@pytest.mark.parametrize("fate", ["failed", "gone", "too_late"])
def test_an_answer_that_will_not_come_is_asked_again(
    live_channel: Channel, background: FakeOpenAI, graph: FakeGraph, fate: str
) -> None:
    user = receive(live_channel, "hola")
    orphan = vanish_with_a_response_under_way(user, background)
    if fate == "failed":
        background.configure(background_status="failed", background_seconds=0)
    elif fate == "gone":
        Run.objects.update(response_id="resp_unknown")
    else:
        Run.objects.update(started_at="2026-01-01T00:00Z")

    first = turns.run_turn(user.pk)
    background.configure(background_status="completed")
    turns.run_turn(user.pk)

    assert first == (TurnResult.ANSWERED if fate == "too_late" else TurnResult.FAILED)
    assert graph.texts_to("573000000001") == ["re: hola"]
    orphan.refresh_from_db()
    assert orphan.state == ("crashed" if fate == "too_late" else "failed")
