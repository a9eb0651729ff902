"""A person takes over, and gives back."""

from conversations.models import Message, WhatsAppUser
from conversations.services import inbox, takeover
from sessions_app.models import Channel
from sessions_app.providers.base import BusinessEcho
from tests.conversations.builders import inbound_states, receive, wa_id


def test_pausing_holds_what_waits_and_raises_the_epoch(channel: Channel) -> None:
    user = receive(channel, "hola", "¿hay alguien?")

    takeover.pause(user)

    assert inbound_states(user) == ["held", "held"]
    before, user = user.lease_epoch, WhatsAppUser.objects.get(pk=user.pk)
    assert user.lease_epoch == before + 1
    assert user.turn_due_at is None


def test_after_resuming_the_next_message_is_answered(channel: Channel) -> None:
    user = receive(channel, "hola")
    takeover.pause(user)
    takeover.resume(user)
    receive(channel, "¿sigues ahí?")

    assert inbound_states(user) == ["held", "pending"]


def test_an_answer_from_the_business_phone_pauses_and_is_in_the_transcript(channel: Channel) -> None:
    user = receive(channel, "hola")
    echo = BusinessEcho("wamid.echo", (wa_id("573000000001"),), "Le atiendo yo", None, {"type": "text"})

    inbox.receive(channel, [echo])
    inbox.receive(channel, [echo])

    user.refresh_from_db()
    assert user.paused_at is not None
    written = Message.objects.get(direction="out")
    assert (written.author, written.text, written.state) == ("phone", "Le atiendo yo", "accepted")
