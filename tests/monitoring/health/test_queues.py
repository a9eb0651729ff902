"""Queues: nothing waits; something waits a little, for long, for too long."""

from datetime import timedelta

import pytest
from django.db.models.functions import Now
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from conversations.models import Author, Message, OutboundState, WhatsAppUser
from conversations.services.messages import outbound_append
from monitoring.health.checks import queues
from monitoring.models import Status
from sessions_app.models import Device, Forward, ForwardKind
from tests.conversations.builders import make_channel, receive

pytestmark = pytest.mark.django_db


AGES = (
    (0, Status.UP),
    (59, Status.UP),
    (61, Status.DEGRADED),
    (301, Status.DOWN),
)


def test_empty_queues_are_well() -> None:
    for look in (queues.look_at_inbox, queues.look_at_outbox, queues.look_at_forwards):
        found = look()
        assert (found.status, found.figures) == (Status.UP, {"oldest_seconds": 0.0})


@pytest.mark.parametrize(("age", "status"), AGES)
def test_the_inbox(age: int, status: Status) -> None:
    receive(make_channel(), "hola")
    WhatsAppUser.objects.update(turn_due_at=timezone.now() - timedelta(seconds=age))

    found = queues.look_at_inbox()

    assert found.status is status
    assert found.figures["oldest_seconds"] == pytest.approx(age, abs=5)


def test_whom_somebody_answers_or_who_is_to_wait_does_not_count() -> None:
    user = receive(make_channel(), "hola")
    long_ago = timezone.now() - timedelta(hours=1)
    for values in (
        {"turn_due_at": long_ago, "lease_until": Now() + timedelta(seconds=20)},
        {"turn_due_at": long_ago, "paused_at": Now()},
        {"turn_due_at": timezone.now() + timedelta(minutes=1)},
    ):
        WhatsAppUser.objects.filter(pk=user.pk).update(lease_until=None, paused_at=None)
        WhatsAppUser.objects.filter(pk=user.pk).update(**values)
        assert queues.look_at_inbox().status is Status.UP


@pytest.mark.parametrize(("age", "status"), AGES)
def test_the_outbox(age: int, status: Status) -> None:
    user = receive(make_channel(), "hola")
    outbound_append(user, "¡Hola!", author=Author.ASSISTANT)
    Message.objects.filter(direction="out").update(created_at=timezone.now() - timedelta(seconds=age))

    found = queues.look_at_outbox()

    assert found.status is status
    assert found.figures["oldest_seconds"] == pytest.approx(age, abs=5)


def test_what_is_to_be_sent_later_does_not_wait_yet() -> None:
    user = receive(make_channel(), "hola")
    outbound_append(user, "¡Hola!", author=Author.ASSISTANT)
    Message.objects.filter(direction="out").update(
        created_at=timezone.now() - timedelta(hours=1), available_at=timezone.now() - timedelta(seconds=5)
    )
    assert queues.look_at_outbox().status is Status.UP

    Message.objects.filter(direction="out").update(
        available_at=timezone.now() + timedelta(seconds=5), state=OutboundState.PENDING
    )
    assert queues.look_at_outbox().figures == {"oldest_seconds": 0.0}


@pytest.mark.parametrize(("age", "status"), AGES)
def test_forwards(age: int, status: Status) -> None:
    device = Device.objects.create(channel=make_channel(), session_id="s1")
    Forward.objects.create(
        device=device,
        kind=ForwardKind.STATUS,
        version=1,
        due_at=timezone.now() - timedelta(seconds=age),
    )

    assert queues.look_at_forwards().status is status


@pytest.mark.parametrize("name", ["look_at_inbox", "look_at_outbox", "look_at_forwards"])
def test_a_look_is_one_query(name: str, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(1):
        getattr(queues, name)()
