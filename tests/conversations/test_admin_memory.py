"""What is remembered of a customer, on the customer's page: read, added to and erased by people, audited."""

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from conversations.models import Thread, WhatsAppUser
from conversations.services import memory
from sessions_app.models import Channel
from tests.conversations.builders import receive
from tests.staff import administrator, signed_in

pytestmark = pytest.mark.django_db
VIEW = "conversations.view_whatsappuser"


@pytest.fixture
def user(channel: Channel) -> WhatsAppUser:
    return receive(channel, "hola")


def page_of(client: Client, user: WhatsAppUser) -> str:
    return client.get(reverse("admin:conversations_whatsappuser_change", args=[user.pk])).content.decode()


def act(client: Client, user: WhatsAppUser, action: str, **data: object) -> str:
    """Post the action and return the page that it leads to."""
    answer = client.post(reverse(f"admin:whatsappuser_{action}", args=[user.pk]), data, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def test_staff_note_a_fact_and_the_note_is_logged_without_its_text(user: WhatsAppUser) -> None:
    page = act(administrator(), user, "note", text="Paga con <b>tarjeta</b>")

    assert "The assistant will remember it." in page
    assert "Paga con ‹b›tarjeta‹/b›" in page
    assert memory.facts_of(user) == ("Paga con ‹b›tarjeta‹/b›",)
    assert "Paga" not in LogEntry.objects.get().change_message


def test_a_note_that_is_there_already_is_said_to_be(user: WhatsAppUser) -> None:
    client = administrator()
    act(client, user, "note", text="Paga con tarjeta")

    assert "That is remembered already." in act(client, user, "note", text="paga con tarjeta")
    assert LogEntry.objects.count() == 1


@pytest.mark.parametrize("text", ["", "   ", "x" * 201])
def test_an_empty_or_too_long_note_is_refused(user: WhatsAppUser, text: str) -> None:
    assert "nothing was kept" in act(administrator(), user, "note", text=text)
    assert memory.facts_of(user) == ()


def test_too_many_notes_are_refused(user: WhatsAppUser) -> None:
    for number in range(memory.MOST_FACTS):
        memory.fact_note(user, f"Nota {number}")

    assert "too many notes" in act(administrator(), user, "note", text="Una más")


def test_staff_erase_a_fact_and_that_is_logged_without_its_text(user: WhatsAppUser) -> None:
    fact = memory.fact_note(user, "Paga con tarjeta")
    assert fact is not None

    page = act(administrator(), user, "erase", fact=fact.pk)

    assert "Erased." in page
    assert "Paga con tarjeta" not in page
    assert memory.facts_of(user) == ()
    assert LogEntry.objects.get().change_message == f"Erased fact {fact.pk}."


@pytest.mark.parametrize("fact", ["", "x", 0, 10**30, 4711])
def test_what_is_not_there_is_not_erased(user: WhatsAppUser, fact: object) -> None:
    memory.fact_note(user, "Paga con tarjeta")

    assert "Paga con tarjeta" in act(administrator(), user, "erase", fact=fact)
    assert not LogEntry.objects.exists()


def test_staff_read_and_erase_the_summary(user: WhatsAppUser) -> None:
    client = administrator()
    Thread.objects.create(user=user, summary="Pidió pan.")
    assert "Pidió pan." in page_of(client, user)

    assert "Pidió pan." not in act(client, user, "erase_summary")

    assert LogEntry.objects.get().change_message == "Erased the summary."
    act(client, user, "erase_summary")
    assert LogEntry.objects.count() == 1


def test_who_may_only_look_reads_and_changes_nothing(user: WhatsAppUser) -> None:
    fact = memory.fact_note(user, "Paga con tarjeta")
    assert fact is not None
    client = signed_in(VIEW)

    page = page_of(client, user)

    assert "Paga con tarjeta" in page
    assert "memory/erase" not in page
    for action, data in (("note", {"text": "x"}), ("erase", {"fact": fact.pk}), ("erase_summary", {})):
        url = reverse(f"admin:whatsappuser_{action}", args=[user.pk])
        assert client.post(url, data).status_code == 403
    assert memory.facts_of(user) == ("Paga con tarjeta",)


def test_nothing_is_changed_by_following_a_link(user: WhatsAppUser) -> None:
    client = administrator()

    for action in ("note", "erase", "erase_summary"):
        assert client.get(reverse(f"admin:whatsappuser_{action}", args=[user.pk])).status_code == 405
