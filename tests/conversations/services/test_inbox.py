"""Storing webhooks: everything once, in order, cleaned, for the right channel and user."""

import threading

import pytest
from django.db import connection
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks

from conversations.models import Message, UserIdentity, WebhookItem, WhatsAppUser
from conversations.services import inbox, takeover
from conversations.services.inbox import Receipt
from sessions_app.models import Channel
from sessions_app.providers.base import Identity, IdentityKind, UnrecognizedItem
from tests.conversations.builders import inbound, make_channel, receive, wa_id
from tests.recording import RecordedMetrics


def counts(receipt: Receipt) -> tuple[int, int, int]:
    return receipt.accepted, receipt.duplicates, receipt.ignored


def test_a_message_is_stored_once_and_its_repeat_counted(channel: Channel) -> None:
    message = inbound("hola")

    assert counts(inbox.receive(channel, [message])) == (1, 0, 0)
    assert counts(inbox.receive(channel, [message, message])) == (0, 2, 0)

    assert Message.objects.count() == 1


def test_messages_of_a_batch_get_consecutive_sequences_per_user(channel: Channel) -> None:
    inbox.receive(channel, [inbound("a"), inbound("b", sender="573000000002"), inbound("c")])
    inbox.receive(channel, [inbound("d")])

    rows = Message.objects.filter(user__identities__value="573000000001").order_by("sequence")
    assert [(row.sequence, row.text) for row in rows] == [(1, "a"), (2, "c"), (3, "d")]


def test_the_first_message_makes_a_turn_due_and_only_it_wakes(channel: Channel) -> None:
    first = inbox.receive(channel, [inbound()])
    second = inbox.receive(channel, [inbound()])

    user = WhatsAppUser.objects.get()
    assert first.users_to_wake == [user.pk]
    assert second.users_to_wake == []
    assert user.turn_due_at is not None


def test_ignored_messages_are_stored_and_make_nothing_due(channel: Channel) -> None:
    receipt = inbox.receive(channel, [inbound("👍", kind="reaction", ignore_reason="reaction")])

    assert counts(receipt) == (0, 0, 1)
    message = Message.objects.get()
    assert (message.state, message.reason) == ("ignored", "reaction")
    assert WhatsAppUser.objects.get().turn_due_at is None


def test_a_paused_users_messages_are_held(channel: Channel) -> None:
    user = receive(channel, "hola")
    takeover.pause(user)

    receipt = inbox.receive(channel, [inbound("¿hay alguien?")])

    assert receipt.users_to_wake == []
    assert set(Message.objects.values_list("state", "reason")) == {("held", "assistant_paused")}


def test_a_known_user_gains_the_names_that_come_along(channel: Channel) -> None:
    bsuid = Identity(IdentityKind.BSUID, "CO.123")
    inbox.receive(channel, [inbound()])
    inbox.receive(channel, [inbound(identities=(wa_id("573000000001"), bsuid))])
    inbox.receive(channel, [inbound(identities=(bsuid,))])

    assert WhatsAppUser.objects.count() == 1
    assert UserIdentity.objects.count() == 2


def test_the_same_number_at_two_channels_is_two_users(channel: Channel) -> None:
    other = make_channel("other", phone_number_id="2002")
    inbox.receive(channel, [inbound()])
    inbox.receive(other, [inbound()])

    assert WhatsAppUser.objects.count() == 2


def test_messages_go_to_the_channel_of_their_number(channel: Channel) -> None:
    other = make_channel("other", phone_number_id="2002")
    stranger = make_channel("stranger", phone_number_id="3003", app_secret="another secret")

    receipt = inbox.receive(
        channel,
        [
            inbound("a", route="1001"),
            inbound("b", route="2002"),
            inbound("c", route="3003"),
            inbound(route="9"),
        ],
    )

    assert counts(receipt) == (2, 0, 2)
    assert list(Message.objects.order_by("text").values_list("text", "channel__slug")) == [
        ("a", "shop"),
        ("b", "other"),
    ]
    assert set(WebhookItem.objects.values_list("channel", "reason")) == {(channel.pk, "unknown_number")}
    assert not Message.objects.filter(channel__in=[stranger]).exists()
    assert Message.objects.filter(channel=other).count() == 1


def test_what_is_not_recognised_is_kept_once(channel: Channel) -> None:
    item = UnrecognizedItem(reason="unknown_field", raw={"field": "odd\x00"}, external_id="x1")

    assert counts(inbox.receive(channel, [item])) == (0, 0, 1)
    inbox.receive(channel, [item])

    assert WebhookItem.objects.get().payload == {"field": "odd"}


def test_unstorable_text_is_cleaned_and_noted(channel: Channel) -> None:
    inbox.receive(channel, [inbound("a\x00b\ud800c", raw={"body": "a\x00b\ud800c"})])
    inbox.receive(channel, [inbound("x" * 100_000)])

    cleaned, long = Message.objects.order_by("pk")
    assert (cleaned.text, cleaned.note) == ("ab\ufffdc", "unstorable characters replaced")
    assert cleaned.payload == {"body": "ab\ufffdc"}
    assert (len(long.text), long.note) == (20_000, "cut from 100000 to 20000 characters")


def test_the_profile_name_follows_the_customer(channel: Channel) -> None:
    inbox.receive(channel, [inbound(profile_name="Antes")])
    inbox.receive(channel, [inbound(profile_name="Después")])
    inbox.receive(channel, [inbound()])

    assert WhatsAppUser.objects.get().name == "Después"


def test_storing_a_message_of_a_known_user_takes_few_queries(
    channel: Channel, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    inbox.receive(channel, [inbound()])

    # savepoint, identity with lock, repeats, insert, user, release
    with django_assert_num_queries(6):
        inbox.receive(channel, [inbound()])


@pytest.mark.django_db(transaction=True)
def test_simultaneous_first_messages_make_one_user_with_distinct_sequences() -> None:
    channel = make_channel()
    start = threading.Barrier(6)
    failures: list[BaseException] = []

    def write() -> None:
        try:
            start.wait()
            inbox.receive(channel, [inbound(identities=(wa_id("573000000001"), wa_id("573000000009")))])
        except BaseException as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=write) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert WhatsAppUser.objects.count() == 1
    assert sorted(Message.objects.values_list("sequence", flat=True)) == [1, 2, 3, 4, 5, 6]


def test_messages_are_measured_once_they_are_stored(
    channel: Channel,
    recorded: RecordedMetrics,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    message = inbound("hola")
    with django_capture_on_commit_callbacks(execute=True):
        inbox.receive(channel, [message, inbound(ignore_reason="group"), message])
        assert recorded.total("webhook_messages_total", "shop", "accepted") == 0

    assert recorded.total("webhook_messages_total", "shop", "accepted") == 1
    assert recorded.total("webhook_messages_total", "shop", "duplicate") == 1
    assert recorded.total("webhook_messages_total", "shop", "ignored") == 1
