"""The ages of queues: what is put off is not due, and waits all the same."""

from datetime import timedelta

import pytest
from django.db.models.functions import Now

from conversations.models import Author, Message, WhatsAppUser
from conversations.services.messages import outbound_append
from monitoring.services import queue_ages
from sessions_app.models import Device, Forward, ForwardKind
from tests.conversations.builders import make_channel, receive

pytestmark = pytest.mark.django_db

AN_HOUR_AGO = Now() - timedelta(hours=1)
SOON = Now() + timedelta(minutes=1)
AN_HOUR = pytest.approx(3600, abs=5)


@pytest.fixture
def user() -> WhatsAppUser:
    """A customer whose question and answer both wait for an hour."""
    user = receive(make_channel(), "hola")
    outbound_append(user, "¡Hola!", author=Author.ASSISTANT)
    Message.objects.update(created_at=AN_HOUR_AGO)
    WhatsAppUser.objects.update(turn_due_at=AN_HOUR_AGO)
    return user


def test_what_nobody_takes_is_as_old_as_it_is_due(user: WhatsAppUser) -> None:
    for asked in ("turn_due", "question", "send_due", "reply"):
        assert getattr(queue_ages, f"{asked}_seconds")() == AN_HOUR, asked


def test_a_customer_who_is_put_off_waits_and_is_not_due(user: WhatsAppUser) -> None:
    WhatsAppUser.objects.update(turn_due_at=SOON)

    assert queue_ages.turn_due_seconds() == 0
    assert queue_ages.question_seconds() == AN_HOUR


def test_a_message_that_was_put_off_is_due_since_then_and_waits_since_it_was_written(
    user: WhatsAppUser,
) -> None:
    Message.objects.filter(direction="out").update(available_at=Now() - timedelta(seconds=9))
    assert queue_ages.send_due_seconds() == pytest.approx(9, abs=5)
    assert queue_ages.reply_seconds() == AN_HOUR

    Message.objects.filter(direction="out").update(available_at=SOON)
    assert (queue_ages.send_due_seconds(), queue_ages.reply_seconds()) == (0, 0)


def test_paused_customers_wait_for_a_person(user: WhatsAppUser) -> None:
    WhatsAppUser.objects.update(paused_at=Now())

    assert (queue_ages.turn_due_seconds(), queue_ages.question_seconds()) == (0, 0)


def test_a_forward_whose_sender_vanished_is_due_again() -> None:
    device = Device.objects.create(channel=make_channel(), session_id="s1")
    row = Forward.objects.create(
        device=device, kind=ForwardKind.STATUS, version=1, due_at=AN_HOUR_AGO, state="sending"
    )

    for lease_until, seconds in ((SOON, 0), (AN_HOUR_AGO, AN_HOUR)):
        Forward.objects.filter(pk=row.pk).update(lease_until=lease_until)
        assert queue_ages.forward_due_seconds() == seconds
