"""The outbox: in order, once, with an honest state for every outcome."""

import threading

import pytest
from django.db import connection

from conversations.models import Author, Message, WhatsAppUser
from conversations.services import outbox
from conversations.services.messages import outbound_append
from sessions_app.models import Channel
from tests.conversations.builders import outbound_states, receive
from tests.fakes.behaviour import Behaviour
from tests.fakes.graph import FakeGraph


@pytest.fixture
def customer(live_channel: Channel) -> WhatsAppUser:
    return receive(live_channel, "hola")


def enqueue(user: WhatsAppUser, *texts: str) -> list[Message]:
    return outbound_append(user, *texts, author=Author.STAFF)


def test_messages_go_out_in_order_with_our_token(customer: WhatsAppUser, graph: FakeGraph) -> None:
    messages = enqueue(customer, "uno", "dos")

    assert outbox.deliver_user(customer.pk) == 2

    assert graph.texts_to("573000000001") == ["uno", "dos"]
    assert [sent.callback_data for sent in graph.sent] == [str(message.token) for message in messages]
    stored = Message.objects.filter(direction="out").order_by("sequence")
    assert [message.external_id for message in stored] == [sent.wamid for sent in graph.sent]


def test_a_throttled_message_waits_and_nothing_overtakes_it(customer: WhatsAppUser, graph: FakeGraph) -> None:
    graph.behave(Behaviour(status=429, code=130429, retry_after=60))
    first, _ = enqueue(customer, "uno", "dos")

    outbox.deliver_user(customer.pk)
    outbox.deliver_user(customer.pk)

    assert graph.sent == []
    first.refresh_from_db()
    assert (first.state, first.failures) == ("pending", 1)
    Message.objects.update(available_at=None)
    outbox.deliver_user(customer.pk)
    assert graph.texts_to("573000000001") == ["uno", "dos"]


@pytest.mark.parametrize(
    ("behaviour", "state"),
    [
        (Behaviour(status=400, code=131026), "failed"),
        (Behaviour(status=401, code=190), "parked"),
        (Behaviour(status=400, code=131000), "pending"),
        (Behaviour(drop="after"), "unknown"),
    ],
)
def test_every_outcome_has_its_state(
    customer: WhatsAppUser, graph: FakeGraph, behaviour: Behaviour, state: str
) -> None:
    graph.behave(behaviour)
    enqueue(customer, "uno")

    outbox.deliver_user(customer.pk)

    assert outbound_states(customer) == [state]
    assert Message.objects.get(direction="out").reason


def test_an_unknown_send_is_not_repeated_by_itself(customer: WhatsAppUser, graph: FakeGraph) -> None:
    graph.behave(Behaviour(drop="after"))
    enqueue(customer, "uno")
    outbox.deliver_user(customer.pk)

    outbox.deliver_user(customer.pk)

    assert len(graph.sent) == 1
    assert outbound_states(customer) == ["unknown"]


def test_a_message_that_keeps_failing_is_parked(customer: WhatsAppUser, graph: FakeGraph) -> None:
    enqueue(customer, "uno")
    for _ in range(5):
        graph.behave(Behaviour(status=400, code=131000))
        outbox.deliver_user(customer.pk)
        Message.objects.update(available_at=None)

    assert outbound_states(customer) == ["parked"]
    assert len(graph.requests) == 5


def test_an_unreachable_provider_loses_nothing(customer: WhatsAppUser) -> None:
    Channel.objects.update(base_url="http://127.0.0.1:9")
    enqueue(customer, "uno")

    outbox.deliver_user(customer.pk)

    assert outbound_states(customer) == ["pending"]


def test_a_send_whose_worker_vanished_is_unknown(customer: WhatsAppUser) -> None:
    enqueue(customer, "uno")
    claimed = outbox._claim_next(customer.pk)
    assert claimed is not None
    assert outbox.decide_unknown() == 0
    Message.objects.filter(pk=claimed.message.pk).update(sending_until=claimed.message.created_at)

    assert outbox.decide_unknown() == 1
    assert outbound_states(customer) == ["unknown"]


def test_two_senders_send_once(customer: WhatsAppUser, graph: FakeGraph) -> None:
    graph.behave(Behaviour(delay=0.2))
    enqueue(customer, "uno", "dos", "tres")

    def deliver() -> None:
        outbox.deliver_user(customer.pk)
        connection.close()

    senders = [threading.Thread(target=deliver) for _ in range(4)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    outbox.deliver_user(customer.pk)

    assert graph.texts_to("573000000001") == ["uno", "dos", "tres"]
