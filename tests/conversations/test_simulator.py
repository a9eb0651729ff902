"""The simulator's calls: a member of staff writes as a customer, on the same road as every customer."""

import re
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from conversations.models import Author, Message, OutboundState, WhatsAppUser
from conversations.services import simulator, takeover
from conversations.services.messages import outbound_append
from sessions_app.models import Channel
from tests.staff import administrator, signed_in

pytestmark = pytest.mark.django_db
VIEW = "conversations.view_whatsappuser"
MESSAGES = "/simulator/messages"


def send(client: Client, text: str = "hola", **values: object) -> int:
    return post(client, {"text": text} | values)


def post(client: Client, values: dict[str, object]) -> int:
    data = {"conversation": 1, "client_id": uuid4(), "text": "hola"}
    return client.post(MESSAGES, data | values).status_code


def look(
    client: Client, *, after: int = 0, visible: bool = False, conversation: int = 1
) -> dict[str, object]:
    query = {"conversation": conversation, "after": after} | ({"visible": "1"} if visible else {})
    body: dict[str, object] = client.get(MESSAGES, query).json()
    return body


def shown_texts(body: dict[str, object]) -> list[str]:
    items = body["items"]
    assert isinstance(items, list)
    return [re.findall(r'bubble__text">(.*?)</p>', item["html"], re.S)[0] for item in items]


def only_customer() -> WhatsAppUser:
    return WhatsAppUser.objects.select_related("channel").get()


def answered(user: WhatsAppUser, text: str = "¡Hola!") -> Message:
    """An answer as the outbox leaves it: accepted by the provider."""
    WhatsAppUser.objects.filter(pk=user.pk).update(turn_due_at=None)
    [message] = outbound_append(
        user,
        text,
        author=Author.ASSISTANT,
        state=OutboundState.ACCEPTED,
        external_id=f"sim-{uuid4()}",
        accepted_at=timezone.now(),
    )
    return message


def state_of(message: Message) -> str:
    return Message.objects.get(pk=message.pk).state


def test_a_message_takes_the_road_of_every_message() -> None:
    client = signed_in(VIEW)

    assert send(client, "¿A qué hora abren?") == 202

    message = Message.objects.get()
    assert (message.text, message.state, message.author) == ("¿A qué hora abren?", "pending", "customer")
    assert message.channel.kind == "simulator"
    assert only_customer().turn_due_at is not None
    assert only_customer().name == "Simulated customer 1"


def test_the_same_client_id_is_stored_once() -> None:
    client, client_id = signed_in(VIEW), uuid4()

    assert [send(client, client_id=client_id), send(client, client_id=client_id)] == [202, 202]

    assert Message.objects.count() == 1


def test_each_member_of_staff_and_each_conversation_is_a_customer_of_its_own() -> None:
    first, second = signed_in(VIEW, name="one"), signed_in(VIEW, name="two")
    send(first, "uno")
    send(first, "dos", conversation=2)
    send(second, "tres")

    assert WhatsAppUser.objects.count() == 3
    assert shown_texts(look(first)) == ["uno"]
    assert shown_texts(look(first, conversation=2)) == ["dos"]
    assert shown_texts(look(second)) == ["tres"]


@pytest.mark.parametrize(
    "values",
    [
        {"text": "   "},
        {"text": "a\x00b"},
        {"text": "x" * 4097},
        {"client_id": "1"},
        {"conversation": 0},
        {"conversation": "x"},
        {"conversation": 10**30},
    ],
)
def test_what_no_phone_would_send_is_refused(values: dict[str, object]) -> None:
    assert post(signed_in(VIEW), values) == 400
    assert Message.objects.count() == 0


def test_markup_in_a_text_is_text() -> None:
    client = signed_in(VIEW)
    send(client, "<script>alert(1)</script>")

    assert shown_texts(look(client)) == ["&lt;script&gt;alert(1)&lt;/script&gt;"]


def test_typing_is_shown_while_an_answer_is_due() -> None:
    client = signed_in(VIEW)
    send(client)

    assert look(client)["presence"] == "typing"


def test_looking_delivers_and_reading_reads() -> None:
    client = signed_in(VIEW)
    send(client)
    answer = answered(only_customer())

    assert shown_texts(look(client)) == ["hola", "¡Hola!"]
    assert state_of(answer) == "delivered"
    look(client, visible=True)
    assert state_of(answer) == "read"
    look(client)
    assert state_of(answer) == "read"


def test_what_is_not_sent_yet_is_not_on_the_phone() -> None:
    client = signed_in(VIEW)
    send(client)
    user = only_customer()
    WhatsAppUser.objects.update(turn_due_at=None)
    outbound_append(user, "en camino", author=Author.ASSISTANT)

    body = look(client)

    assert shown_texts(body) == ["hola"]
    assert body["presence"] == "typing"


def test_a_held_question_says_so() -> None:
    client = signed_in(VIEW)
    send(client)
    WhatsAppUser.objects.update(turn_due_at=None)
    Message.objects.update(state="held")

    body = look(client)

    assert (body["presence"], body["presenceText"]) == ("waiting", "waiting for a person")


def test_a_conversation_taken_over_says_so() -> None:
    client = signed_in(VIEW)
    send(client)
    takeover.pause(only_customer())

    assert look(client)["presence"] == "paused"


def test_an_answer_that_cannot_be_sent_says_so() -> None:
    client = signed_in(VIEW)
    send(client)
    Message.objects.filter(pk=answered(only_customer()).pk).update(state="failed")

    assert look(client)["presence"] == "failed"


def test_a_wait_that_is_too_long_says_so() -> None:
    client = signed_in(VIEW)
    send(client)
    Message.objects.update(created_at=timezone.now() - simulator.LATE_AFTER * 2)

    assert look(client)["presence"] == "late"


def test_a_wait_for_a_model_is_no_typing() -> None:
    client = signed_in(VIEW)
    send(client)
    WhatsAppUser.objects.update(waiting_since=timezone.now())

    assert look(client)["presence"] == "late"


def test_only_new_messages_and_those_that_may_have_changed_are_sent() -> None:
    client = signed_in(VIEW)
    send(client)
    user = only_customer()
    for number in range(60):
        answered(user, f"parte {number}")

    assert shown_texts(look(client, after=61)) == [f"parte {number}" for number in range(30, 60)]


def test_a_look_takes_a_bounded_number_of_queries(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    client = administrator()
    send(client)
    for number in range(40):
        Message.objects.filter(pk=answered(only_customer(), f"parte {number}").pk).update(state="read")

    with django_assert_max_num_queries(4):
        look(client)


def test_the_channel_switched_off_takes_nothing() -> None:
    client = signed_in(VIEW)
    client.get("/simulator/")
    Channel.objects.update(is_active=False)

    assert send(client) == 409
    assert "switched off" in client.get("/simulator").content.decode()
    assert Message.objects.count() == 0


def test_the_page_opens_the_latest_conversation() -> None:
    client = signed_in(VIEW)
    send(client)
    send(client, conversation=2)

    page = client.get("/simulator/").content.decode()

    assert 'data-query="conversation=2"' in page
    assert "?conversation=3" in page
    assert 'data-query="conversation=1"' in client.get("/simulator/?conversation=1").content.decode()


@pytest.mark.parametrize("path", ["/simulator/", "/simulator", "/simulator/messages?conversation=1"])
def test_strangers_are_sent_to_the_login(client: Client, path: str) -> None:
    response = client.get(path)

    assert response.status_code == 302
    assert response.headers["Location"].startswith("/admin/login/")


def test_staff_without_the_permission_are_refused() -> None:
    client = signed_in()

    assert client.get("/simulator/").status_code == 403
    assert look_status(client) == 403
    assert send(client) == 403


def look_status(client: Client) -> int:
    return client.get(MESSAGES, {"conversation": 1}).status_code


def test_a_message_from_another_site_is_refused() -> None:
    client = signed_in(VIEW)
    client.handler.enforce_csrf_checks = True

    assert send(client) == 403
    assert Message.objects.count() == 0
