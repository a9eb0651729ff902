"""What holds a send back: the pair limit, the number's limit, the 24-hour window, an unknown outcome."""

from datetime import timedelta

import pytest
from django.db.models import F
from django.db.models.functions import Now
from pytest_django import Settings

from conversations.models import Author, Message, OutboundState, WhatsAppUser
from conversations.services import inbox, outbox
from conversations.services.messages import outbound_append
from conversations.services.sending import Claim, Outcome, send
from sessions_app.models import Channel
from sessions_app.providers.base import DeliveryState, StatusUpdate
from tests.conversations.builders import outbound_states, receive
from tests.fakes.behaviour import Behaviour
from tests.fakes.graph import FakeGraph


@pytest.fixture
def customer(live_channel: Channel) -> WhatsAppUser:
    return receive(live_channel, "hola")


def enqueue(user: WhatsAppUser, *texts: str) -> None:
    outbound_append(user, *texts, author=Author.STAFF)


def the_last_message_was(user: WhatsAppUser, ago: timedelta) -> None:
    WhatsAppUser.objects.filter(pk=user.pk).update(last_inbound_at=Now() - ago)


def let_the_time_for_statuses_pass() -> None:
    Message.objects.update(available_at=F("available_at") - timedelta(minutes=5))


def test_messages_to_one_user_are_spaced_out_and_not_refused(
    customer: WhatsAppUser, graph: FakeGraph, settings: Settings
) -> None:
    settings.SEND_PAIR_SECONDS = 6
    enqueue(customer, "uno", "dos")

    assert outbox.deliver_user(customer.pk) == 1
    assert outbox.deliver_user(customer.pk) == 0
    assert outbox.users_with_due_messages(10) == []
    assert outbound_states(customer) == ["accepted", "pending"]

    WhatsAppUser.objects.update(next_send_at=F("next_send_at") - timedelta(seconds=6))
    assert outbox.users_with_due_messages(10) == [customer.pk]
    outbox.deliver_user(customer.pk)
    assert graph.texts_to("573000000001") == ["uno", "dos"]


def test_a_number_sends_at_most_80_messages_a_second(live_channel: Channel, graph: FakeGraph) -> None:
    users = [receive(live_channel, "hola", sender=f"57300000{n:04}") for n in range(100)]
    for user in users:
        enqueue(user, "buenas")
    for user in users:
        outbox.deliver_user(user.pk)

    times = sorted(sent.at for sent in graph.sent)
    assert len(times) >= 80
    assert all(later - earlier > 0.95 for earlier, later in zip(times, times[80:], strict=False))
    waiting = Message.objects.filter(direction="out", state="pending")
    assert waiting.count() == 100 - len(times)
    assert all(message.failures == 0 for message in waiting)


def test_outside_the_window_free_text_is_parked_without_a_call(
    customer: WhatsAppUser, graph: FakeGraph
) -> None:
    the_last_message_was(customer, timedelta(hours=25))
    enqueue(customer, "seguimos aquí")

    outbox.deliver_user(customer.pk)

    assert graph.requests == []
    message = Message.objects.get(direction="out")
    assert (message.state, message.reason) == ("parked", "the 24-hour window is closed")


@pytest.mark.parametrize("known_to_us", [True, False])
def test_outside_the_window_the_channels_template_goes_out(
    customer: WhatsAppUser, graph: FakeGraph, known_to_us: bool
) -> None:
    Channel.objects.update(window_template="nueva_respuesta", window_template_takes_text=True)
    if known_to_us:
        the_last_message_was(customer, timedelta(hours=25))
    else:
        graph.behave(Behaviour(status=400, code=131047))
    enqueue(customer, "seguimos aquí")

    outbox.deliver_user(customer.pk)
    outbox.deliver_user(customer.pk)

    assert outbound_states(customer) == ["accepted"]
    template = graph.sent[0].body["template"]
    assert (template["name"], template["language"]) == ("nueva_respuesta", {"code": "es"})
    assert template["components"][0]["parameters"] == [{"type": "text", "text": "seguimos aquí"}]


def test_an_unknown_send_is_parked_when_no_status_has_come(customer: WhatsAppUser, graph: FakeGraph) -> None:
    graph.behave(Behaviour(drop="after"))
    enqueue(customer, "uno", "dos")
    outbox.deliver_user(customer.pk)

    assert outbox.decide_unknown() == 0
    let_the_time_for_statuses_pass()
    assert outbox.decide_unknown() == 1

    outbox.deliver_user(customer.pk)
    assert outbound_states(customer) == ["parked", "accepted"]
    assert graph.texts_to("573000000001") == ["uno", "dos"]


def test_an_unknown_send_is_repeated_only_where_the_channel_says_so(
    customer: WhatsAppUser, graph: FakeGraph
) -> None:
    Channel.objects.update(unknown_send_policy="resend")
    graph.behave(Behaviour(drop="before"))
    enqueue(customer, "uno", "dos")
    outbox.deliver_user(customer.pk)
    outbox.deliver_user(customer.pk)
    assert outbound_states(customer) == ["unknown", "pending"]  # the later one does not overtake

    let_the_time_for_statuses_pass()
    outbox.decide_unknown()
    outbox.deliver_user(customer.pk)

    assert graph.texts_to("573000000001") == ["uno", "dos"]
    assert outbound_states(customer) == ["accepted", "accepted"]


@pytest.mark.parametrize("policy", ["park", "resend"])
def test_a_late_status_settles_what_was_given_up(
    live_channel: Channel, customer: WhatsAppUser, graph: FakeGraph, policy: str
) -> None:
    Channel.objects.update(unknown_send_policy=policy)
    graph.behave(Behaviour(drop="after"))
    enqueue(customer, "uno")
    outbox.deliver_user(customer.pk)
    let_the_time_for_statuses_pass()
    outbox.decide_unknown()
    [sent] = graph.sent
    update = StatusUpdate(sent.wamid, DeliveryState.DELIVERED, None, callback_data=sent.callback_data)

    inbox.receive(live_channel, [update])
    outbox.deliver_user(customer.pk)

    assert outbound_states(customer) == ["delivered"]
    assert len(graph.sent) == 1


def test_a_sender_that_was_held_up_sends_nothing(customer: WhatsAppUser, graph: FakeGraph) -> None:
    enqueue(customer, "uno")
    claim = outbox._claim_next(customer.pk)
    assert claim is not None
    late = Claim(claim.message, claim.attempt, until=0)

    assert send(late).state == "pending"
    assert graph.requests == []


def test_an_outcome_of_an_earlier_attempt_changes_nothing(customer: WhatsAppUser, graph: FakeGraph) -> None:
    enqueue(customer, "uno")
    stopped = outbox._claim_next(customer.pk)
    assert stopped is not None
    Message.objects.filter(pk=stopped.message.pk).update(state="pending")
    assert outbox._claim_next(customer.pk) is not None

    outbox._record(stopped, Outcome(OutboundState.FAILED))

    assert outbound_states(customer) == ["sending"]
