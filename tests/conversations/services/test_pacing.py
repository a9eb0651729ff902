"""Who writes faster than is answered: everything is stored, and what is too much waits for a later turn."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db.models import F
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks, Settings

from botsite.resilience import violations
from botsite.telemetry.events import security_event
from conversations.models import Message, WhatsAppUser
from conversations.services import inbox
from sessions_app.models import Channel
from tests.conversations.builders import inbound, inbound_states, receive
from tests.recording import RecordedMetrics

ANA, BEA = "573000000001", "573000000002"


@pytest.fixture(autouse=True)
def _no_reports_of_other_tests() -> Iterator[None]:
    violations._reports.forget()
    yield
    violations._reports.forget()


def answered(user: WhatsAppUser) -> None:
    """As if a turn had just answered everything."""
    Message.objects.filter(user=user).update(state="answered")
    WhatsAppUser.objects.filter(pk=user.pk).update(turn_due_at=None)


def due_in(user: WhatsAppUser) -> float:
    user.refresh_from_db()
    assert user.turn_due_at is not None
    return (user.turn_due_at - timezone.now()).total_seconds()


def limited(user: WhatsAppUser) -> list[int]:
    messages = Message.objects.filter(user=user, direction="in", reason="rate_limited")
    return list(messages.order_by("sequence").values_list("sequence", flat=True))


def later(user: WhatsAppUser, seconds: float) -> None:
    """Let everything that the user wrote lie further back."""
    gone = timedelta(seconds=seconds)
    Message.objects.filter(user=user).update(created_at=F("created_at") - gone)
    WhatsAppUser.objects.filter(pk=user.pk).update(last_inbound_at=F("last_inbound_at") - gone)


def test_thirty_a_minute_are_answered_at_once(channel: Channel) -> None:
    user = receive(channel, *["hola"] * 29, sender=ANA)
    answered(user)
    receipt = inbox.receive(channel, [inbound(sender=ANA)])

    assert limited(user) == []
    assert receipt.users_to_wake == [user.pk]
    assert due_in(user) <= 3


def test_what_is_over_is_stored_and_waits_until_there_is_room(channel: Channel) -> None:
    user = receive(channel, *["hola"] * 30, sender=ANA)
    later(user, 20)
    answered(user)

    receipt = inbox.receive(channel, [inbound("otra", sender=ANA)])

    assert receipt.accepted == 1
    assert receipt.users_to_wake == []
    assert limited(user) == [31]
    assert Message.objects.get(sequence=31).note == "rate_limited"
    assert inbound_states(user)[-1] == "pending"
    assert 35 < due_in(user) <= 40


def test_more_of_it_does_not_put_the_turn_off_again(channel: Channel) -> None:
    user = receive(channel, *["hola"] * 30, sender=ANA)
    later(user, 20)
    answered(user)
    receive(channel, "una", sender=ANA)
    due = WhatsAppUser.objects.get().turn_due_at

    receive(channel, *["más"] * 20, sender=ANA)

    assert WhatsAppUser.objects.get().turn_due_at == due
    assert limited(user) == list(range(31, 52))


def test_a_turn_that_is_due_already_takes_it_along(channel: Channel) -> None:
    user = receive(channel, *["hola"] * 40, sender=ANA)

    assert limited(user) == list(range(31, 41))
    assert due_in(user) <= 3


def test_in_one_webhook_the_first_ones_are_within_and_take_the_others_along(channel: Channel) -> None:
    inbox.receive(channel, [inbound(sender=ANA) for _ in range(35)])

    user = WhatsAppUser.objects.get()
    assert limited(user) == [31, 32, 33, 34, 35]
    assert due_in(user) <= 3


def test_after_the_minute_there_is_room_again(channel: Channel) -> None:
    user = receive(channel, *["hola"] * 40, sender=ANA)
    answered(user)
    later(user, 61)

    receive(channel, "otra", sender=ANA)

    assert 41 not in limited(user)
    assert due_in(user) <= 3


def test_customers_count_apart(channel: Channel) -> None:
    receive(channel, *["hola"] * 35, sender=ANA)

    assert limited(receive(channel, "hola", sender=BEA)) == []


def test_repeats_and_ignored_messages_do_not_count(channel: Channel) -> None:
    event = inbound(sender=ANA)
    for _ in range(40):
        inbox.receive(channel, [event])
        inbox.receive(channel, [inbound(sender=ANA, ignore_reason="group")])

    assert limited(WhatsAppUser.objects.get()) == []


def test_the_limit_can_be_set_and_taken_away(channel: Channel, settings: Settings) -> None:
    settings.QUOTA_LIMITS = {"whatsapp_user": 2}
    assert limited(receive(channel, *["hola"] * 3, sender=ANA)) == [3]

    settings.QUOTA_LIMITS = {"whatsapp_user": 0}
    assert limited(receive(channel, *["hola"] * 3, sender=BEA)) == []


def test_it_is_counted_and_reported_once(
    channel: Channel,
    recorded: RecordedMetrics,
    caplog: pytest.LogCaptureFixture,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    events: list[dict[str, str]] = []

    def note(operation: str, facts: dict[str, str], **_: object) -> None:
        events.append({"operation": operation, **facts})

    security_event.connect(note)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            user = receive(channel, *["hola"] * 35, sender=ANA)
    finally:
        security_event.disconnect(note)

    assert recorded.total("rate_limited_total", "whatsapp_user") == 5
    assert events == [{"operation": "rate_limited", "scope": "whatsapp_user", "user_id": str(user.pk)}]
    assert caplog.text.count("'event': 'RATE_LIMITED'") == 1


def test_who_writes_now_and_then_costs_no_query(
    channel: Channel, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    user = receive(channel, *["hola"] * 35, sender=ANA)
    answered(user)
    event = inbound(sender=ANA)
    with django_assert_num_queries(7):
        inbox.receive(channel, [event])

    answered(user)
    later(user, 300)
    event = inbound(sender=ANA)
    with django_assert_num_queries(6):
        inbox.receive(channel, [event])
