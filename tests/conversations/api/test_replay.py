"""Replaying what is parked: the service, by API and by command."""

import threading
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from conversations.models import Author, Message, OutboundState, WhatsAppUser
from conversations.services import outbox, takeover, turns
from conversations.services.messages import outbound_append
from conversations.services.replay import NotReplayable, message_replay, messages_replay
from sessions_app.models import Channel
from tests.botsite.api.client import Api, error_code, make_key
from tests.conversations.builders import inbound_states, lapse, make_channel, outbound_states, receive
from tests.fakes.graph import FakeGraph


def park(channel: Channel, *texts: str, sender: str = "573000000001") -> list[int]:
    """Let a customer's messages be parked as the turn engine does it; returns their ids."""
    user = receive(channel, *texts, sender=sender)
    parked = Message.objects.filter(user=user, text__in=texts)
    parked.update(state="parked", reason="failed too often", failures=3, crashes=2)
    WhatsAppUser.objects.filter(pk=user.pk).update(turn_due_at=None)
    return list(parked.order_by("pk").values_list("pk", flat=True))


def park_outbound(user: WhatsAppUser) -> Message:
    [message] = outbound_append(
        user, "respuesta", author=Author.API, state=OutboundState.PARKED, reason="190: token", failures=5
    )
    return message


def test_a_parked_question_is_pending_and_due_again(channel: Channel) -> None:
    [pk] = park(channel, "hola")

    message_replay(pk)

    message = Message.objects.select_related("user").get()
    assert (message.state, message.reason, message.failures, message.crashes) == ("pending", "", 0, 0)
    assert message.user.turn_due_at is not None


def test_a_replayed_question_is_answered(live_channel: Channel, graph: FakeGraph) -> None:
    [pk] = park(live_channel, "hola")
    message_replay(pk)
    user = WhatsAppUser.objects.get()
    lapse(user, seconds=1)

    assert turns.run_turn(user.pk) == turns.TurnResult.ANSWERED

    assert inbound_states(user) == ["answered"]
    assert len(graph.sent) == 1


def test_a_replayed_reply_is_sent(live_channel: Channel, graph: FakeGraph) -> None:
    user = receive(live_channel, "hola")
    message = park_outbound(user)

    message_replay(message.pk)
    message.refresh_from_db()
    assert (message.state, message.reason, message.failures) == ("pending", "", 0)
    outbox.deliver_user(user.pk)

    assert outbound_states(user) == ["accepted"]
    assert len(graph.sent) == 1


@pytest.mark.parametrize("state", ["pending", "answered", "merged", "held", "ignored"])
def test_what_is_not_parked_is_refused(channel: Channel, state: str) -> None:
    [pk] = park(channel, "hola")
    Message.objects.update(state=state)

    with pytest.raises(NotReplayable, match=state) as caught:
        message_replay(pk)

    assert caught.value.code == "not_parked"
    message = Message.objects.get()
    assert (message.state, message.failures) == (state, 3)


def test_a_paused_users_question_is_refused_and_a_reply_is_not(channel: Channel) -> None:
    [pk] = park(channel, "hola")
    user = WhatsAppUser.objects.get()
    reply = park_outbound(user)
    takeover.pause(user)

    with pytest.raises(NotReplayable, match="paused") as caught:
        message_replay(pk)
    message_replay(reply.pk)

    assert caught.value.code == "assistant_paused"
    assert (inbound_states(user), outbound_states(user)) == (["parked"], ["pending"])


def test_each_of_many_is_tried_for_itself(channel: Channel) -> None:
    first, second = park(channel, "uno", "dos")
    message_replay(first)

    report = messages_replay([first, second, 999_999])

    assert report.replayed == 1
    assert report.refused == {
        first: "The message is not parked but pending.",
        999_999: "There is no such message.",
    }


@pytest.mark.django_db(transaction=True)
def test_of_simultaneous_replays_one_does_it() -> None:
    [pk] = park(make_channel(), "hola")
    start = threading.Barrier(4)
    outcomes: list[str] = []

    def replay_now() -> None:
        start.wait()
        try:
            outcomes.append(message_replay(pk).state)
        except NotReplayable as refusal:
            outcomes.append(refusal.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=replay_now) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["not_parked", "not_parked", "not_parked", "pending"]


@pytest.mark.django_db(transaction=True)
def test_a_pause_at_the_same_moment_is_waited_for() -> None:
    [pk] = park(make_channel(), "hola")
    user = WhatsAppUser.objects.get()
    outcomes: list[str] = []

    def replay_now() -> None:
        try:
            outcomes.append(message_replay(pk).state)
        except NotReplayable as refusal:
            outcomes.append(refusal.code)
        finally:
            connection.close()

    with transaction.atomic():
        takeover.pause(user)
        thread = threading.Thread(target=replay_now)
        thread.start()
        thread.join(timeout=0.3)
    thread.join()

    assert outcomes == ["assistant_paused"]


def test_by_api(channel: Channel) -> None:
    [pk] = park(channel, "hola")
    api = Api(make_key("messages:write", channels=("shop",)))

    done = api.post(f"/api/messages/{pk}/replay/")
    again = api.post(f"/api/messages/{pk}/replay")
    unknown = api.post("/api/messages/999999999999999999/replay")

    assert (done.status_code, done.json()) == (202, {"id": pk, "state": "pending"})
    assert (again.status_code, error_code(again)) == (409, "not_parked")
    assert (unknown.status_code, error_code(unknown)) == (404, "not_found")


def test_by_api_a_paused_user_is_a_conflict(channel: Channel) -> None:
    [pk] = park(channel, "hola")
    takeover.pause(WhatsAppUser.objects.get())

    answer = Api(make_key("messages:write")).post(f"/api/messages/{pk}/replay")

    assert (answer.status_code, error_code(answer)) == (409, "assistant_paused")


def replay(*args: str) -> str:
    out = StringIO()
    call_command("replay", *args, stdout=out)
    return out.getvalue().strip()


def test_by_command_the_given_ones(channel: Channel) -> None:
    first, second, third = park(channel, "uno", "dos", "tres")

    assert replay(str(first), str(third)) == "2 message(s) replayed"

    assert list(Message.objects.filter(state="parked").values_list("pk", flat=True)) == [second]


def test_by_command_all_of_a_channel(channel: Channel) -> None:
    park(channel, "uno", "dos")
    park(make_channel("rent", phone_number_id="2002"), "tres")

    assert replay("--all", "--channel", "rent") == "1 message(s) replayed"
    assert replay("--all") == "2 message(s) replayed"
    assert replay("--all") == "0 message(s) replayed"


@pytest.mark.parametrize(
    ("args", "says"),
    [
        ((), "either ids or --all"),
        (("1", "--all"), "either ids or --all"),
        (("1", "--channel", "shop"), "--channel goes with --all"),
        (("999999",), "999999: There is no such message."),
    ],
)
def test_the_command_says_what_it_cannot_do(db: None, args: tuple[str, ...], says: str) -> None:
    with pytest.raises(CommandError, match=says):
        replay(*args)
