"""Two users who are one customer: nothing of either is lost, and what waits is answered once."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from botsite.resilience import leases
from conversations.models import (
    Author,
    MergeReason,
    Message,
    Run,
    Thread,
    UserIdentity,
    UserMerge,
    WhatsAppUser,
)
from conversations.services import inbox, outbox, takeover, turns
from conversations.services.merging import users_merge
from conversations.services.messages import outbound_append
from conversations.services.sending import send
from conversations.services.threads import open_thread
from conversations.services.turns import TurnResult
from sessions_app.models import Channel
from tests.conversations.builders import bsuid, inbound, inbound_states, lapse, receive, wa_id
from tests.fakes.graph import FakeGraph
from tests.fakes.openai_compatible import FakeOpenAI

NUMBER, BSUID = "573000000001", "CO.1"


def by_number(channel: Channel, text: str = "por número") -> WhatsAppUser:
    return receive(channel, text, sender=NUMBER)


def by_bsuid(channel: Channel, text: str = "por nombre") -> WhatsAppUser:
    inbox.receive(channel, [inbound(text, identities=(bsuid(BSUID),))])
    return WhatsAppUser.objects.get(identities__value=BSUID)


def meet(channel: Channel, text: str = "soy yo") -> WhatsAppUser:
    """Let a message come that bears the names of both."""
    inbox.receive(channel, [inbound(text, identities=(wa_id(NUMBER), bsuid(BSUID)))])
    return WhatsAppUser.objects.get()


def merged(*users: WhatsAppUser) -> WhatsAppUser:
    """Merge users as they are in the database."""
    with transaction.atomic():
        rows = WhatsAppUser.objects.select_for_update().filter(pk__in=[user.pk for user in users])
        return users_merge(rows.order_by("pk"), reason=MergeReason.NAMED_TOGETHER)


def texts(user: WhatsAppUser) -> list[str]:
    return list(Message.objects.filter(user=user).order_by("sequence").values_list("text", flat=True))


def change(user: WhatsAppUser, **values: Any) -> None:
    WhatsAppUser.objects.filter(pk=user.pk).update(**values)


@pytest.mark.parametrize("older_first", [True, False])
def test_names_of_two_users_in_one_message_make_them_one(channel: Channel, older_first: bool) -> None:
    makers = (by_number, by_bsuid) if older_first else (by_bsuid, by_number)
    first, second = (make(channel) for make in makers)

    user = meet(channel)

    assert user == first
    assert sorted(user.identities.values_list("value", flat=True)) == [NUMBER, BSUID]
    merge = UserMerge.objects.get()
    assert (merge.kept, merge.merged_pk, merge.reason) == (first, second.pk, "named_together")
    assert merge.moved == {"conversations.message": 1, "conversations.useridentity": 1}
    assert [name["value"] for name in merge.names] == [BSUID if older_first else NUMBER]
    assert merge.left_out == []


def test_both_histories_stand_in_one_order_of_time(channel: Channel) -> None:
    for number in range(3):
        by_number(channel, f"número {number}")
        by_bsuid(channel, f"nombre {number}")

    user = meet(channel)

    expected = [f"{way} {number}" for number in range(3) for way in ("número", "nombre")]
    assert texts(user) == [*expected, "soy yo"]
    assert user.last_sequence == Message.objects.order_by("-sequence")[0].sequence


def test_a_clock_that_was_set_back_does_not_turn_a_history_around(channel: Channel) -> None:
    one, other = by_number(channel, "uno"), by_bsuid(channel, "nombre")
    by_number(channel, "dos")
    Message.objects.filter(text="dos").update(created_at=F("created_at") - timedelta(days=1))

    user = merged(one, other)

    assert texts(user).index("uno") < texts(user).index("dos")
    assert len(texts(user)) == 3


def test_a_sequence_number_is_never_used_for_another_message(channel: Channel) -> None:
    one, other = by_number(channel), by_bsuid(channel)
    by_number(channel)
    old = set(Message.objects.values_list("sequence", flat=True))

    merged(one, other)

    assert not old & set(Message.objects.values_list("sequence", flat=True))


def test_what_waited_waits_still_and_is_due_now(channel: Channel) -> None:
    by_number(channel)
    by_bsuid(channel)

    user = meet(channel)

    assert inbound_states(user) == ["pending"] * 3
    assert user.turn_due_at is not None
    assert user.turn_due_at <= timezone.now()


def test_without_anything_that_waits_no_turn_is_due(channel: Channel) -> None:
    one, other = by_number(channel), by_bsuid(channel)
    Message.objects.update(state="answered")

    assert merged(one, other).turn_due_at is None


@pytest.mark.parametrize("paused", [by_number, by_bsuid])
def test_the_assistant_stays_paused_if_it_was_for_either(channel: Channel, paused: Any) -> None:
    by_number(channel)
    by_bsuid(channel)
    takeover.pause(paused(channel))

    user = meet(channel)

    assert user.paused_at is not None
    assert user.turn_due_at is None
    assert set(inbound_states(user)) == {"held"}


def test_the_rows_are_joined(channel: Channel) -> None:
    older, newer = by_bsuid(channel), by_number(channel)
    soon = timezone.now() + timedelta(seconds=6)
    change(older, labels=["vip", "norte"], language="es")
    change(newer, name="Ana", labels=["norte", "moroso"], language="en", next_send_at=soon)

    user = merged(older, newer)

    assert (user.name, user.language, user.labels) == ("Ana", "es", ["vip", "norte", "moroso"])
    assert (user.next_send_at, user.last_inbound_at) == (soon, newer.last_inbound_at)
    assert user.created_at == older.created_at


def test_the_thread_used_last_stays_open_with_what_was_said_in_both(channel: Channel) -> None:
    one, other = by_number(channel), by_bsuid(channel)
    used_last, used_first = open_thread(one), open_thread(other)
    for user, thread in ((other, used_first), (one, used_last)):
        Thread.objects.filter(pk=thread.pk).update(summary=f"notas {user.pk}", token_count=user.pk)
        outbound_append(user, f"a {user.pk}", author=Author.ASSISTANT, thread=thread)

    user = merged(one, other)

    closed, left = Thread.objects.get(pk=used_first.pk), Thread.objects.get(pk=used_last.pk)
    assert (closed.close_reason, closed.successor, closed.closed_at is None) == ("merged", left, False)
    assert left.closed_at is None
    assert {closed.user, left.user} == {user}
    assert left.summary == f"notas {other.pk}\n\nnotas {one.pk}"
    assert (closed.token_count, left.token_count) == (other.pk, one.pk)
    assert sorted(left.messages.values_list("text", flat=True)) == sorted([f"a {one.pk}", f"a {other.pk}"])


def test_the_only_open_thread_stays_open(channel: Channel) -> None:
    one, other = by_number(channel), by_bsuid(channel)
    thread = open_thread(other)

    user = merged(one, other)

    assert open_thread(user) == thread


def test_runs_and_the_admins_log_come_along(channel: Channel) -> None:
    one, other = by_number(channel), by_bsuid(channel)
    run = Run.objects.create(thread=open_thread(other), epoch=1, state="completed", input_tokens=7)
    staff = User.objects.create_user("staff")
    LogEntry.objects.log_actions(staff.pk, [other], CHANGE, "Paused.", single_object=True)

    user = merged(one, other)

    run.refresh_from_db()
    assert run.thread is not None
    assert run.thread.user == user
    assert LogEntry.objects.get().object_id == str(user.pk)
    assert UserMerge.objects.get().moved["admin.logentry"] == 1


def test_three_users_become_one_with_a_record_of_each(channel: Channel) -> None:
    users = [by_number(channel), by_bsuid(channel), receive(channel, "tercero", sender="573000000003")]

    inbox.receive(
        channel, [inbound("junto", identities=(wa_id("573000000003"), wa_id(NUMBER), bsuid(BSUID)))]
    )

    user = WhatsAppUser.objects.get()
    assert user == users[0]
    assert texts(user) == ["por número", "por nombre", "tercero", "junto"]
    assert set(user.merges.values_list("merged_pk", flat=True)) == {users[1].pk, users[2].pk}


def test_the_records_of_a_merged_user_move_on_with_it(channel: Channel) -> None:
    oldest, one, other = receive(channel, "a", sender="573000000003"), by_number(channel), by_bsuid(channel)
    merged(one, other)

    merged(oldest, one)

    assert set(oldest.merges.values_list("merged_pk", flat=True)) == {one.pk, other.pk}


def test_the_same_message_again_merges_nothing_more(channel: Channel) -> None:
    by_number(channel)
    by_bsuid(channel)
    message = inbound(identities=(wa_id(NUMBER), bsuid(BSUID)))
    inbox.receive(channel, [message])
    before = list(Message.objects.order_by("pk").values_list("pk", "user", "sequence"))

    receipt = inbox.receive(channel, [message])

    assert receipt.duplicates == 1
    assert UserMerge.objects.count() == 1
    assert list(Message.objects.order_by("pk").values_list("pk", "user", "sequence")) == before


def queries_of_a_merge(channel: Channel, *, messages: int) -> int:
    one, other = by_number(channel), by_bsuid(channel)
    for user in (one, other):
        outbound_append(user, *["a"] * messages, author=Author.ASSISTANT, thread=open_thread(user))
    with CaptureQueriesContext(connection) as captured:
        merged(one, other)
    UserIdentity.objects.all().delete()
    return len(captured)


def test_a_merge_costs_the_same_for_long_histories(channel: Channel) -> None:
    assert queries_of_a_merge(channel, messages=1) == queries_of_a_merge(channel, messages=100) <= 60


def begin(user: WhatsAppUser) -> tuple[leases.Lease, Any]:
    """Claim the user and begin a run, as a worker does before it asks the model."""
    lease = leases.claim(WhatsAppUser.objects.filter(pk=user.pk), seconds=20)
    assert lease is not None
    return lease, turns._begin(lease, user)


@pytest.mark.parametrize("answered", [by_number, by_bsuid])
def test_an_answer_in_the_making_is_discarded_and_asked_again_over_both_histories(
    live_channel: Channel, model: FakeOpenAI, graph: FakeGraph, answered: Any
) -> None:
    by_number(live_channel, "¿tienen pan?")
    by_bsuid(live_channel, "¿y leche?")
    lease, turn = begin(answered(live_channel, "¿y café?"))

    user = meet(live_channel)

    run = Run.objects.get()
    assert (run.state, run.finished_at is None) == ("abandoned", False)
    assert turns._take(lease, turn) == TurnResult.LOST
    assert Message.objects.filter(direction="out").count() == 0
    assert turns.run_turn(user.pk) == TurnResult.ANSWERED
    asked = str(model.requests[-1].body["messages"])
    assert all(text in asked for text in ("¿tienen pan?", "¿y leche?", "¿y café?", "soy yo"))
    assert len(graph.texts_to(NUMBER)) == 1
    assert set(Message.objects.filter(direction="in").values_list("crashes", flat=True)) == {0}


def test_a_worker_that_had_vanished_has_crashed(channel: Channel) -> None:
    one, other = by_number(channel), by_bsuid(channel)
    begin(one)
    lapse(one)

    user = merged(one, other)

    assert Run.objects.get().state == "crashed"
    assert sorted(user.messages.values_list("crashes", flat=True)) == [0, 1]
    assert set(inbound_states(user)) == {"pending"}


def test_a_lease_on_either_user_is_lost(channel: Channel) -> None:
    one, other = by_number(channel), by_bsuid(channel)
    held = [leases.claim(WhatsAppUser.objects.filter(pk=user.pk), seconds=20) for user in (one, other)]

    user = merged(one, other)

    assert [lease and lease.renew(20) for lease in held] == [False, False]
    assert leases.claim(WhatsAppUser.objects.filter(pk=user.pk), seconds=20) is not None


@pytest.mark.parametrize("sender", [by_number, by_bsuid])
def test_a_message_on_its_way_out_arrives_and_is_booked(
    live_channel: Channel, graph: FakeGraph, sender: Any
) -> None:
    users = by_number(live_channel), by_bsuid(live_channel)
    writer = sender(live_channel)
    outbound_append(writer, "en camino", author=Author.STAFF)
    claim = outbox._claim_next(writer.pk)
    assert claim is not None
    merged(*users)

    outbox._record(claim, send(claim))

    assert graph.texts_to(NUMBER) == ["en camino"]
    assert Message.objects.get(direction="out").state == "accepted"


def test_what_stood_in_both_outboxes_is_sent_in_order_to_the_one_address(
    live_channel: Channel, graph: FakeGraph
) -> None:
    one, other = by_number(live_channel), by_bsuid(live_channel)
    for text, writer in (("uno", other), ("dos", one), ("tres", other)):
        outbound_append(writer, text, author=Author.STAFF)

    outbox.deliver_user(merged(one, other).pk)

    assert graph.texts_to(NUMBER) == ["uno", "dos", "tres"]


def test_hints_for_the_merged_user_find_nothing_to_do(channel: Channel) -> None:
    one, other = by_number(channel), by_bsuid(channel)
    merged(one, other)

    assert turns.run_turn(other.pk) == TurnResult.NOTHING_DUE
    assert outbox.deliver_user(other.pk) == 0


def test_a_person_who_takes_over_the_merged_user_takes_over_the_customer(channel: Channel) -> None:
    one, other = by_number(channel), by_bsuid(channel)
    Message.objects.update(state="held")
    user = merged(one, other)

    takeover.reply(other, "Le atiendo yo", staff="staff", seen=1)

    user.refresh_from_db()
    assert user.paused_at is not None
    assert Message.objects.get(author="staff").user == user
    assert inbound_states(user) == ["held", "held"]  # the person had not seen them under these numbers
    takeover.resume(other)
    user.refresh_from_db()
    assert user.paused_at is None


def test_a_name_that_was_left_over_goes_with_the_merge(channel: Channel) -> None:
    user, other = by_number(channel), by_bsuid(channel)
    UserIdentity.objects.create(
        user=other, channel=channel, kind="wa_id", value=f"+{NUMBER}", canonical=f"phone:{NUMBER} (2)"
    )

    assert by_number(channel) == user

    assert sorted(user.identities.values_list("value", flat=True)) == [NUMBER, BSUID]
