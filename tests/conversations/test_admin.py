"""The admin of the conversations: lists of bounded cost, and rows that nobody changes by hand."""

from datetime import date

import pytest
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from conversations.models import (
    Author,
    KnowledgeEntry,
    Message,
    ModelPrice,
    RouteChoice,
    Run,
    Thread,
    WebhookItem,
    WhatsAppUser,
)
from conversations.services.messages import outbound_append
from conversations.services.threads import open_thread
from sessions_app.models import Channel
from tests.conversations.builders import make_channel, receive
from tests.staff import administrator, signed_in

pytestmark = pytest.mark.django_db
WRITTEN_BY_THE_MACHINERY: list[type[Model]] = [Message, Run, Thread, WebhookItem]
MODELS = [*WRITTEN_BY_THE_MACHINERY, Channel, KnowledgeEntry, ModelPrice, RouteChoice, WhatsAppUser]


def conversation(channel: Channel, number: int, text: str = "hola") -> WhatsAppUser:
    """A customer with a question, an answer, and one row of everything that staff can list."""
    user = receive(channel, text, sender=f"57300{number:07}")
    thread = open_thread(user)
    run = Run.objects.create(thread=thread, epoch=1, state="completed", provider="offline")
    outbound_append(user, "¡Hola!", author=Author.ASSISTANT, thread=thread, run=run)
    KnowledgeEntry.objects.create(channel=channel, question=f"¿{number}?", answer="Sí")
    ModelPrice.objects.create(
        provider="p", model=f"m-{number}", valid_from=date(2026, 1, 1), input=1, output=1
    )
    RouteChoice.objects.create(tier="simple", provider="p", model=f"m-{number}")
    WebhookItem.objects.create(channel=channel, reason="unknown_field", payload={"número": number})
    return user


def address(model: type[Model], page: str, *arguments: object) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=arguments)


def html(client: Client, url: str) -> str:
    response = client.get(url)
    assert response.status_code == 200
    return response.content.decode()


def queries_of(client: Client, url: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        html(client, url)
    # The session comes from the cache, or from its table when the cache was slow.
    return sum("django_session" not in query["sql"] for query in captured.captured_queries)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: str(model.__name__))
def test_a_list_costs_the_same_for_one_row_and_for_many(channel: Channel, model: type[Model]) -> None:
    client = administrator()
    conversation(channel, 1)
    few = queries_of(client, address(model, "changelist"))
    for number in range(2, 12):
        conversation(make_channel(f"shop-{number}", phone_number_id=str(number)), number)

    many = queries_of(client, address(model, "changelist"))

    assert many <= few
    assert many <= 12


@pytest.mark.parametrize("model", WRITTEN_BY_THE_MACHINERY, ids=lambda model: str(model.__name__))
def test_what_the_machinery_writes_is_for_reading(channel: Channel, model: type[Model]) -> None:
    client = administrator()
    conversation(channel, 1)
    row = model._default_manager.all()[0]

    page = html(client, address(model, "change", row.pk))

    assert 'name="_save"' not in page
    assert client.post(address(model, "change", row.pk), {"state": "read"}).status_code == 403
    assert client.get(address(model, "add")).status_code == 403
    assert client.post(address(model, "delete", row.pk), {"post": "yes"}).status_code == 403


def test_customers_with_a_held_question_come_first(channel: Channel) -> None:
    held = conversation(channel, 1)
    conversation(channel, 2)
    Message.objects.filter(user=held, direction="in").update(state="held")

    page = html(administrator(), address(WhatsAppUser, "changelist"))

    assert page.index("573000000001") < page.index("573000000002")
    assert page.count("badge--held") == 1


def test_customers_are_found_by_number_and_by_waiting(channel: Channel) -> None:
    client = administrator()
    conversation(channel, 1)
    held = conversation(channel, 2)
    Message.objects.filter(user=held, direction="in").update(state="held")
    customers = address(WhatsAppUser, "changelist")

    by_number = html(client, f"{customers}?q=573000000001")
    waiting = html(client, f"{customers}?waiting=1")

    assert ("573000000001</td>" in by_number, "573000000002</td>" in by_number) == (True, False)
    assert ("573000000001</td>" in waiting, "573000000002</td>" in waiting) == (False, True)


def test_runs_show_their_route_and_are_found_by_tier(channel: Channel) -> None:
    client = administrator()
    conversation(channel, 1)
    Run.objects.update(tier="complex", intent="advice", route="complex (advice); openai gpt-6.1-terra")
    run = Run.objects.get()

    page = html(client, address(Run, "change", run.pk))
    runs = address(Run, "changelist")

    assert all(text in page for text in ("complex", "advice", "openai gpt-6.1-terra"))
    assert "1 run" in html(client, f"{runs}?tier__exact=complex")
    assert "0 runs" in html(client, f"{runs}?tier__exact=simple")


def test_messages_are_found_by_text_state_and_direction(channel: Channel) -> None:
    client = administrator()
    conversation(channel, 1, "¿Tienen aguacates?")
    conversation(channel, 2, "hola")
    messages = address(Message, "changelist")

    assert "aguacates" in html(client, f"{messages}?q=AGUACATES")
    assert "aguacates" not in html(client, f"{messages}?q=peras")
    assert "aguacates" in html(client, f"{messages}?direction__exact=in&state=pending")
    assert "aguacates" not in html(client, f"{messages}?state=parked")


def test_a_message_shows_what_came_over_the_wire_as_text(channel: Channel) -> None:
    user = conversation(channel, 1)
    message = Message.objects.get(user=user, direction="in")
    message.payload = {"type": "text", "<b>": "¡señal!"}
    message.save(update_fields=["payload"])

    page = html(administrator(), address(Message, "change", message.pk))

    assert "&quot;&lt;b&gt;&quot;: &quot;¡señal!&quot;" in page


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("failed too often", "falló demasiadas veces"),
        ("not_sent: ConnectError", "no se pudo contactar con el proveedor (ConnectError)"),
        ("131026: Message undeliverable", "131026: Message undeliverable"),
    ],
)
def test_why_a_message_stands_as_it_does_is_said_in_words(channel: Channel, reason: str, words: str) -> None:
    user = conversation(channel, 1)
    Message.objects.filter(user=user, direction="in").update(state="parked", reason=reason, kind="image")
    message = Message.objects.get(user=user, direction="in")
    client = administrator(language="es")

    assert words in html(client, f"{address(Message, 'changelist')}?state=parked")
    page = html(client, address(Message, "change", message.pk))
    assert words in page
    assert "imagen" in page


def test_an_empty_list_says_so(channel: Channel) -> None:
    page = html(administrator(), f"{address(Message, 'changelist')}?state=parked")

    assert "There is nothing to show here." in page


def test_customers_are_found_by_who_answers_them(channel: Channel) -> None:
    paused, other = conversation(channel, 1), conversation(channel, 2)
    WhatsAppUser.objects.filter(pk=paused.pk).update(paused_at=timezone.now())
    client, users = administrator(), address(WhatsAppUser, "changelist")

    for choice, found, left_out in (("1", paused, other), ("0", other, paused)):
        page = html(client, f"{users}?paused={choice}")
        assert address(WhatsAppUser, "change", found.pk) in page
        assert address(WhatsAppUser, "change", left_out.pk) not in page


def test_parked_messages_are_replayed_and_others_left_alone(channel: Channel) -> None:
    user = conversation(channel, 1)
    parked, sent = Message.objects.filter(user=user).order_by("sequence")
    Message.objects.filter(pk=parked.pk).update(state="parked", reason="failed too often")
    Message.objects.filter(pk=sent.pk).update(state="accepted")

    page = administrator().post(
        address(Message, "changelist"),
        {"action": "replay", "_selected_action": [parked.pk, sent.pk]},
        follow=True,
    )

    assert Message.objects.get(pk=parked.pk).state == "pending"
    assert Message.objects.get(pk=sent.pk).state == "accepted"
    assert "1 message is tried again." in page.content.decode()
    assert "1 message stays as it is" in page.content.decode()


def test_who_may_only_look_is_offered_no_replay(channel: Channel) -> None:
    conversation(channel, 1)
    client = signed_in("conversations.view_message")

    page = html(client, address(Message, "changelist"))

    assert 'value="replay"' not in page


def test_the_start_page_tells_who_waits(channel: Channel) -> None:
    client = administrator()
    user = conversation(channel, 1, "¿Me cambian la factura?")
    assert "Nobody is waiting" in html(client, "/admin/")
    Message.objects.filter(user=user, direction="in").update(state="held")
    Message.objects.filter(user=user, direction="out").update(state="unknown")

    page = html(client, "/admin/")

    assert "¿Me cambian la factura?" in page
    assert address(WhatsAppUser, "change", user.pk) in page
    assert page.count("tile__value--warn") == 1
    assert page.count("tile__value--bad") == 1


def test_the_start_page_shows_nothing_to_who_may_not_see_it(channel: Channel) -> None:
    user = conversation(channel, 1, "¿Me cambian la factura?")
    Message.objects.filter(user=user, direction="in").update(state="held")

    page = html(signed_in("sessions_app.view_channel"), "/admin/")

    assert "factura" not in page


def test_the_start_page_costs_a_bounded_number_of_queries(channel: Channel) -> None:
    client = administrator()
    for number in range(1, 15):
        user = conversation(channel, number)
        Message.objects.filter(user=user, direction="in").update(state="held")

    assert queries_of(client, "/admin/") <= 6


def test_the_pages_speak_the_language_of_the_reader(channel: Channel) -> None:
    client = administrator(language="es")

    assert "Esperan a una persona" in html(client, "/admin/")
    client.post("/i18n/setlang/", {"language": "en", "next": "/admin/"})
    assert "Waiting for a person" in html(client, "/admin/")


def test_runs_whose_usage_nobody_knows_are_listed(channel: Channel) -> None:
    user = conversation(channel, 1)
    Run.objects.create(
        thread=open_thread(user), epoch=2, state="crashed", error="vanished", usage_unknown=True
    )
    Run.objects.create(thread=open_thread(user), epoch=3, state="failed", error="refused")

    page = html(administrator(), f"{address(Run, 'changelist')}?usage_unknown__exact=1")

    assert "vanished" in page
    assert "refused" not in page
