"""Statuses move a message forward only, whatever order they come in."""

from itertools import permutations

import pytest

from conversations.models import Author, EarlyStatus, Message, OutboundState
from conversations.services import inbox, statuses
from conversations.services.messages import outbound_append
from sessions_app.models import Channel
from sessions_app.providers.base import DeliveryState, StatusUpdate
from tests.conversations.builders import make_channel, receive


def update(state: str, *, external_id: str = "wamid.out", **values: str) -> StatusUpdate:
    return StatusUpdate(external_id=external_id, state=DeliveryState(state), at=None, **values)


@pytest.fixture
def message(channel: Channel) -> Message:
    user = receive(channel, "hola")
    [sent] = outbound_append(
        user, "buenas", author=Author.ASSISTANT, state=OutboundState.ACCEPTED, external_id="wamid.out"
    )
    return sent


@pytest.mark.parametrize("order", list(permutations(["accepted", "delivered", "read"])))
def test_the_furthest_state_wins_in_any_order(
    channel: Channel, message: Message, order: tuple[str, ...]
) -> None:
    for state in order:
        inbox.receive(channel, [update(state)])

    message.refresh_from_db()
    assert message.state == "read"
    assert message.read_at is not None


def test_a_refused_message_fails_with_its_reason(channel: Channel, message: Message) -> None:
    inbox.receive(channel, [update("failed", error_code="131026", error_detail="undeliverable")])

    message.refresh_from_db()
    assert (message.state, message.reason) == ("failed", "131026 undeliverable")


def test_a_failure_does_not_undo_a_delivery(channel: Channel, message: Message) -> None:
    inbox.receive(channel, [update("delivered"), update("failed")])

    message.refresh_from_db()
    assert message.state == "delivered"


def test_a_status_that_comes_before_the_answer_is_applied_later(channel: Channel, message: Message) -> None:
    inbox.receive(channel, [update("delivered", external_id="wamid.new")])
    assert EarlyStatus.objects.count() == 1

    Message.objects.filter(pk=message.pk).update(external_id="wamid.new")
    message.refresh_from_db()
    statuses.apply_early(message)

    message.refresh_from_db()
    assert message.state == "delivered"
    assert not EarlyStatus.objects.exists()


@pytest.mark.parametrize("before", ["sending", "unknown"])
def test_our_token_finds_the_message_whose_answer_was_lost(
    channel: Channel, message: Message, before: str
) -> None:
    Message.objects.filter(pk=message.pk).update(external_id="", state=before)

    inbox.receive(channel, [update("delivered", callback_data=str(message.token))])

    message.refresh_from_db()
    assert (message.state, message.external_id) == ("delivered", "wamid.out")


def test_a_status_of_another_channel_changes_nothing(channel: Channel, message: Message) -> None:
    other = make_channel("other", phone_number_id="2002")

    inbox.receive(other, [update("read", callback_data=str(message.token))])

    message.refresh_from_db()
    assert message.state == "accepted"
