"""The sweeper finds in Postgres what no hint announced."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db.models.functions import Now
from pytest_django import Settings

from conversations.models import Author, Message, Run, Thread, UserActivity, WhatsAppUser
from conversations.services import takeover
from conversations.services.messages import outbound_append
from conversations.services.outbox import users_with_due_messages
from conversations.services.sweeper import Sweeper, users_with_due_turns
from sessions_app.models import Channel
from tests.conversations.builders import receive
from tests.fakes.behaviour import Behaviour
from tests.fakes.graph import FakeGraph
from tests.fakes.openai_compatible import FakeOpenAI
from tests.processes import wait_until


@pytest.fixture
def one_thread(settings: Settings) -> None:
    settings.WORKER_THREADS = 1


@pytest.fixture
def sweeper() -> Iterator[Sweeper]:
    """A sweeper that the test starts; it is stopped at the end."""
    made = Sweeper()
    yield made
    made.stop(wait=True)


def test_it_answers_without_any_hint(
    live_channel: Channel, graph: FakeGraph, model: FakeOpenAI, sweeper: Sweeper
) -> None:
    receive(live_channel, "hola")
    sweeper.start()

    assert graph.wait_for(lambda: len(graph.sent) == 1)


def test_it_sends_what_staff_wrote(live_channel: Channel, graph: FakeGraph, sweeper: Sweeper) -> None:
    user = receive(live_channel, "hola")
    takeover.pause(user)
    outbound_append(user, "Le atiendo yo", author=Author.STAFF)
    sweeper.start()

    assert graph.wait_for(lambda: graph.texts_to("573000000001") == ["Le atiendo yo"])


def test_users_that_are_being_answered_or_paused_are_left_alone(live_channel: Channel) -> None:
    due = receive(live_channel, "uno", sender="573000000001")
    leased = receive(live_channel, "dos", sender="573000000002")
    paused = receive(live_channel, "tres", sender="573000000003")
    WhatsAppUser.objects.filter(pk=leased.pk).update(lease_until="2999-01-01T00:00Z")
    takeover.pause(paused)

    assert users_with_due_turns(10) == [due.pk]


def test_it_takes_no_more_than_it_has_threads_for_and_orphans_first(
    live_channel: Channel, graph: FakeGraph, model: FakeOpenAI, one_thread: None, sweeper: Sweeper
) -> None:
    model.behave(Behaviour(delay=2.5))
    receive(live_channel, "uno", sender="573000000001")
    receive(live_channel, "dos", sender="573000000002")
    sweeper.start()
    wait_until(lambda: len(model.requests) == 1)

    orphan = receive(live_channel, "tres", sender="573000000003")
    WhatsAppUser.objects.filter(pk=orphan.pk).update(lease_until=Now() - timedelta(seconds=1))

    assert graph.wait_for(lambda: len(graph.sent) == 3)
    assert [sent.to[-1] for sent in graph.sent] == ["1", "3", "2"]


def test_a_user_whose_first_message_cannot_go_out_takes_nobody_elses_place(live_channel: Channel) -> None:
    stuck = receive(live_channel, "hola", sender="573000000001")
    other = receive(live_channel, "hola", sender="573000000002")
    head, _ = outbound_append(stuck, "primero", "segundo", author=Author.API)
    outbound_append(other, "para otro", author=Author.API)
    Message.objects.filter(pk=head.pk).update(available_at=Now() + timedelta(minutes=5))

    assert users_with_due_messages(10) == [other.pk]


def test_it_folds_what_is_due(
    live_channel: Channel, model: FakeOpenAI, settings: Settings, sweeper: Sweeper
) -> None:
    settings.ACTIVITY_DELAY_SECONDS = 0
    receive(live_channel, "hola")
    sweeper.start()

    wait_until(lambda: UserActivity.objects.exists())

    assert Run.objects.get().folded_at is not None
    assert Thread.objects.get().token_count == UserActivity.objects.get().thread_token_count > 0
