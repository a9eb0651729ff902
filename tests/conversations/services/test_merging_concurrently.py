"""Webhooks about the same customers at the same moment: no deadlock, nothing lost, one user."""

import threading
from collections.abc import Callable, Sequence

import pytest
from django.db import connection, transaction

from conversations.models import Author, Message, UserIdentity, UserMerge, WhatsAppUser
from conversations.services import inbox, outbox, takeover
from conversations.services.identities import NamesContestedError, user_locked
from conversations.services.messages import outbound_append
from sessions_app.models import Channel
from sessions_app.providers.base import InboundMessage
from tests.conversations.builders import bsuid, inbound, make_channel, receive, wa_id
from tests.processes import wait_until

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 8


class Connections:
    """Functions that run at once, each in a thread with a database connection of its own."""

    def __init__(self, *functions: Callable[[], object]) -> None:
        self.failures: list[BaseException] = []
        self._threads = [threading.Thread(target=self._run, args=(function,)) for function in functions]
        for thread in self._threads:
            thread.start()

    def _run(self, function: Callable[[], object]) -> None:
        try:
            function()
        except BaseException as error:
            self.failures.append(error)
        finally:
            connection.close()

    def join(self) -> None:
        for thread in self._threads:
            thread.join(30)
        assert not any(thread.is_alive() for thread in self._threads)

    def finish(self) -> None:
        self.join()
        assert self.failures == []


def at_once(*functions: Callable[[], object]) -> None:
    start = threading.Barrier(len(functions))

    def started(function: Callable[[], object]) -> Callable[[], object]:
        def run() -> object:
            start.wait(10)
            return function()

        return run

    Connections(*map(started, functions)).finish()


def webhook(channel: Channel, messages: Sequence[InboundMessage]) -> Callable[[], object]:
    return lambda: inbox.receive(channel, messages)


def waiting_for_locks() -> int:
    """How many connections to this database wait for another one."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")  # within a transaction the first look is kept
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return int(cursor.fetchone()[0])


def test_webhooks_that_join_the_same_users_in_any_order_make_one_of_them() -> None:
    channel = make_channel()
    for number in range(ROUNDS):
        phone, name = f"57300000{number:04}", f"CO.{number}"
        receive(channel, "por número", sender=phone)
        inbox.receive(channel, [inbound("por nombre", identities=(bsuid(name),))])
        both, reverse = (wa_id(phone), bsuid(name)), (bsuid(name), wa_id(phone))

        at_once(
            webhook(channel, [inbound("uno", identities=both), inbound("dos", identities=(bsuid(name),))]),
            webhook(channel, [inbound("tres", identities=reverse), inbound("cuatro", sender=phone)]),
            webhook(channel, [inbound("cinco", identities=(bsuid(name),))]),
            webhook(channel, [inbound("seis", sender=phone)]),
        )

        user = UserIdentity.objects.get(canonical=f"phone:{phone}").user
        assert user.identities.count() == 2
        sequences = list(user.messages.values_list("sequence", flat=True))
        assert len(sequences) == len(set(sequences)) == 8
        assert max(sequences) == user.last_sequence
    assert UserMerge.objects.count() == ROUNDS
    assert WhatsAppUser.objects.count() == ROUNDS


def test_crossing_merges_of_four_users_do_not_block_each_other() -> None:
    channel = make_channel()
    for number in range(ROUNDS):
        names = [bsuid(f"CO.{number}.{place}") for place in range(4)]
        for name in names:
            inbox.receive(channel, [inbound("hola", identities=(name,))])
        a, b, c, d = names

        at_once(
            webhook(channel, [inbound(identities=(d, a)), inbound(identities=(c, b))]),
            webhook(channel, [inbound(identities=(b, c)), inbound(identities=(a, d))]),
            webhook(channel, [inbound(identities=(c, a))]),
        )

        assert len({user_of(name.value) for name in names}) == 1
    assert WhatsAppUser.objects.count() == ROUNDS


def user_of(value: str) -> int:
    return UserIdentity.objects.get(value=value).user_id


def test_a_new_customers_first_messages_under_both_names_make_one_user() -> None:
    channel = make_channel()
    for number in range(ROUNDS):
        phone, name = wa_id(f"57300000{number:04}"), bsuid(f"CO.{number}")

        at_once(
            webhook(channel, [inbound(identities=(phone, name))]),
            webhook(channel, [inbound(identities=(name,))]),
            webhook(channel, [inbound(identities=(phone,))]),
            webhook(channel, [inbound(identities=(name, phone))]),
        )

    assert WhatsAppUser.objects.count() == ROUNDS
    assert Message.objects.count() == 4 * ROUNDS
    assert not WhatsAppUser.objects.filter(identities=None).exists()


def test_whoever_waited_for_a_merge_finds_the_user_that_is_left() -> None:
    channel = make_channel()
    kept = receive(channel, "por número", sender="573000000001")
    inbox.receive(channel, [inbound("por nombre", identities=(bsuid("CO.1"),))])
    gone = WhatsAppUser.objects.get(identities__value="CO.1")
    outbound_append(gone, "a", author=Author.STAFF)

    with transaction.atomic():
        user_locked(channel, (wa_id("573000000001"), bsuid("CO.1")))
        waiting = Connections(
            webhook(channel, [inbound("mientras", identities=(bsuid("CO.1"),))]),
            lambda: takeover.pause(gone),
            lambda: outbox.deliver_user(gone.pk),
        )
        wait_until(lambda: waiting_for_locks() == 3)
    waiting.finish()

    kept.refresh_from_db()
    assert kept.paused_at is not None
    assert kept.messages.filter(text="mientras").exists()
    assert WhatsAppUser.objects.get() == kept
    assert kept.messages.get(direction="out").state == "pending"


def test_a_name_that_an_older_user_got_meanwhile_is_not_waited_for_out_of_order() -> None:
    channel = make_channel()
    receive(channel, "hola", sender="573000000001")
    receive(channel, "hola", sender="573000000002")
    names = (wa_id("573000000002"), bsuid("CO.9"))

    def in_one_go() -> None:
        with transaction.atomic():
            user_locked(channel, names)

    with transaction.atomic():
        older = user_locked(channel, (wa_id("573000000001"), bsuid("CO.9")))
        late = Connections(in_one_go)
        wait_until(lambda: waiting_for_locks() == 1)  # it has the younger user's row, and waits for the name
        webhooks = Connections(webhook(channel, [inbound(identities=names)]))
        wait_until(lambda: waiting_for_locks() == 2)
    webhooks.finish()
    late.join()

    assert [type(failure) for failure in late.failures] == [NamesContestedError]
    assert WhatsAppUser.objects.get() == older
    assert older.messages.count() == 3
