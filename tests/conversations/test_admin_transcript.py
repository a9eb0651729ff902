"""The customer's page: the conversation as bubbles, and a person's way to take it over."""

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.db.models.functions import Now
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from conversations.models import Author, Message, OutboundState, WhatsAppUser
from conversations.services import client_data, takeover
from conversations.services.messages import outbound_append
from sessions_app.models import Channel
from tests.conversations.builders import inbound_states, outbound_texts, receive
from tests.staff import administrator, signed_in

pytestmark = pytest.mark.django_db
VIEW, CHANGE = "conversations.view_whatsappuser", "conversations.change_whatsappuser"


@pytest.fixture
def user(channel: Channel) -> WhatsAppUser:
    return receive(channel, "hola", "¿Me cambian la factura?")


def page_of(client: Client, user: WhatsAppUser, query: str = "") -> str:
    response = client.get(reverse("admin:conversations_whatsappuser_change", args=[user.pk]) + query)
    assert response.status_code == 200
    return response.content.decode()


def act(client: Client, user: WhatsAppUser, action: str, **data: object) -> int:
    return client.post(reverse(f"admin:whatsappuser_{action}", args=[user.pk]), data).status_code


def say(user: WhatsAppUser, text: str, **fields: object) -> Message:
    [message] = outbound_append(user, text, author=Author.ASSISTANT, **fields)  # type: ignore[arg-type]
    return message


def test_the_transcript_shows_both_sides_and_how_each_message_stands(user: WhatsAppUser) -> None:
    Message.objects.filter(user=user, sequence=2).update(state="held", reason="no_answer_known")
    say(user, "¡Hola!", state=OutboundState.READ, degraded=True)
    say(user, "Un momento", state=OutboundState.UNKNOWN, reason="ReadTimeout")

    page = page_of(administrator(), user)

    assert page.index("hola") < page.index("factura") < page.index("¡Hola!") < page.index("Un momento")
    assert page.count("bubble--own") == 2
    assert "no answer is known" in page
    assert "ReadTimeout" in page
    assert [page.count(f"badge--{state}") for state in ("held", "unknown", "degraded")] == [1, 1, 1]
    assert page.count("tick--read") == 1


def test_who_waits_for_a_model_is_shown_with_the_reason_in_words(user: WhatsAppUser) -> None:
    client = administrator()
    WhatsAppUser.objects.update(waiting_since=Now())
    Message.objects.filter(user=user).update(reason="waiting_for_provider")

    assert page_of(client, user).count("waiting: no model can be asked now") == 2
    customers = client.get(reverse("admin:conversations_whatsappuser_changelist")).content.decode()
    assert "waiting for a model" in customers
    messages = client.get(reverse("admin:conversations_message_changelist")).content.decode()
    assert messages.count("waiting: no model can be asked now") == 2


def test_whom_no_model_answered_needs_a_person(user: WhatsAppUser) -> None:
    Message.objects.filter(user=user).update(state="held", reason="provider_down")

    start = administrator().get(reverse("admin:index")).content.decode()

    assert "no model could be asked for half an hour" in start


def test_markup_of_a_customer_is_text(channel: Channel) -> None:
    user = receive(channel, "<img src=x onerror=alert(1)>")

    page = page_of(administrator(), user)

    assert "<img src=x" not in page
    assert "&lt;img src=x" in page


def test_long_conversations_are_paged_upwards(user: WhatsAppUser) -> None:
    client = administrator()
    for number in range(60):
        say(user, f"parte {number}.")

    latest = page_of(client, user)
    older = page_of(client, user, "?before=13")

    assert ("parte 59." in latest, "parte 10." in latest, "parte 9." in latest) == (True, True, False)
    assert "?before=13" in latest
    assert ("parte 9." in older, "parte 10." in older, "hola" in older) == (True, False, True)
    assert "data-feed" not in older


def test_the_page_costs_the_same_for_a_short_and_a_long_conversation(user: WhatsAppUser) -> None:
    client = administrator()
    costs = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as captured:
            page_of(client, user)
        costs.append(len(captured))
        for number in range(40):
            say(user, f"parte {number}")

    assert costs[1] <= costs[0] <= 8


def test_the_feed_brings_what_is_new_and_what_may_have_changed(user: WhatsAppUser) -> None:
    say(user, "¡Hola!")
    url = reverse("admin:whatsappuser_feed", args=[user.pk])

    items = signed_in(VIEW).get(url, {"after": 2}).json()["items"]

    assert [item["sequence"] for item in items] == [1, 2, 3]
    assert "¡Hola!" in items[-1]["html"]


def test_a_reply_answers_what_was_held_and_pauses_the_assistant(user: WhatsAppUser) -> None:
    Message.objects.filter(user=user).update(state="held", reason="no_answer_known")
    client = administrator()

    assert act(client, user, "reply", text="Claro que sí", seen=2) == 302

    sent = Message.objects.get(user=user, direction="out")
    assert (sent.text, sent.author, sent.state, sent.note) == (
        "Claro que sí",
        "staff",
        "pending",
        "administrator",
    )
    assert inbound_states(user) == ["answered", "answered"]
    assert set(Message.objects.filter(direction="in").values_list("reason", flat=True)) == {
        "answered_by_staff"
    }
    assert WhatsAppUser.objects.get().paused_at is not None
    assert "Resume the assistant" in page_of(client, user)


def test_a_reply_does_not_answer_what_came_after_the_person_looked(user: WhatsAppUser) -> None:
    Message.objects.filter(user=user).update(state="held")

    act(administrator(), user, "reply", text="Claro que sí", seen=1)

    assert inbound_states(user) == ["answered", "held"]


def test_a_reply_is_cut_to_what_a_message_may_hold(user: WhatsAppUser) -> None:
    act(administrator(), user, "reply", text="palabra " * 900, seen=2)

    texts = outbound_texts(user)
    assert len(texts) == 2
    assert max(map(len, texts)) <= 4096


@pytest.mark.parametrize(
    "data", [{"text": "  ", "seen": 1}, {"text": "x" * 10_001, "seen": 1}, {"text": "hola"}]
)
def test_a_reply_without_words_sends_nothing(user: WhatsAppUser, data: dict[str, object]) -> None:
    client = administrator()

    act(client, user, "reply", **data)

    assert outbound_texts(user) == []
    assert "nothing was sent" in page_of(client, user)


def test_pausing_and_resuming_is_noted_in_the_log(user: WhatsAppUser) -> None:
    client = administrator()

    act(client, user, "pause")
    assert WhatsAppUser.objects.get().paused_at is not None
    act(client, user, "resume")
    assert WhatsAppUser.objects.get().paused_at is None

    noted = [entry.get_change_message() for entry in LogEntry.objects.order_by("pk")]
    assert noted == ["Paused the assistant.", "Resumed the assistant."]


@pytest.mark.parametrize("action", ["reply", "pause", "resume"])
def test_who_may_only_look_changes_nothing(user: WhatsAppUser, action: str) -> None:
    takeover.pause(user)
    client = signed_in(VIEW)

    assert act(client, user, action, text="hola", seen=2) == 403
    assert "data-reply" not in page_of(client, user)
    assert outbound_texts(user) == []
    assert WhatsAppUser.objects.get().paused_at is not None


@pytest.mark.parametrize("action", ["reply", "pause", "resume"])
def test_a_link_changes_nothing(user: WhatsAppUser, action: str) -> None:
    response = signed_in(VIEW, CHANGE).get(reverse(f"admin:whatsappuser_{action}", args=[user.pk]))

    assert response.status_code == 405
    assert WhatsAppUser.objects.get().paused_at is None


def test_without_permission_there_is_no_transcript(user: WhatsAppUser) -> None:
    client = signed_in("conversations.view_run")

    for name in ("conversations_whatsappuser_change", "whatsappuser_feed"):
        assert client.get(reverse(f"admin:{name}", args=[user.pk])).status_code == 403


def test_an_unknown_customer_is_not_found() -> None:
    client = administrator()

    assert client.get("/admin/conversations/whatsappuser/999/change/").status_code == 404
    assert client.get("/admin/conversations/whatsappuser/x/change/").status_code == 404


def test_a_page_of_rubbish_is_the_latest(user: WhatsAppUser) -> None:
    assert "factura" in page_of(administrator(), user, "?before=x")


def test_staff_correct_name_and_language_and_nothing_else(user: WhatsAppUser) -> None:
    client = administrator()
    url = reverse("admin:whatsappuser_edit", args=[user.pk])
    assert client.get(url).status_code == 200

    with CaptureQueriesContext(connection) as queries:
        response = client.post(url, {"name": "Casa de la playa", "language": "en"})

    # Not the lease or the epoch: a turn may be under way.
    written = [query["sql"] for query in queries if query["sql"].startswith("UPDATE")]
    assert not [sql for sql in written if "lease_epoch" in sql]

    assert response.headers["Location"] == reverse("admin:conversations_whatsappuser_change", args=[user.pk])
    user.refresh_from_db()
    assert (user.name, user.language) == ("Casa de la playa", "en")


@pytest.mark.django_db(transaction=True)
def test_the_assistant_knows_a_corrected_name_at_once(user: WhatsAppUser) -> None:
    assert client_data.get(user).name == ""

    act(administrator(), user, "edit", name="Casa de la playa", language="en")

    assert (client_data.get(user).name, client_data.get(user).language) == ("Casa de la playa", "en")


def test_days_are_told_apart(user: WhatsAppUser) -> None:
    first = Message.objects.get(sequence=1)
    Message.objects.filter(pk=first.pk).update(created_at=first.created_at - timedelta(days=1))

    assert page_of(administrator(), user).count("chat__day") == 2
