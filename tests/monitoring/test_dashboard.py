"""The dashboard: figures that are counted, and a verdict that follows from them."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from conversations.models import Author, Message, OutboundState, WhatsAppUser
from conversations.services.messages import outbound_append
from tests.conversations.builders import make_channel, receive
from tests.staff import administrator, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def user() -> WhatsAppUser:
    """A customer with one answered question and its answer."""
    user = receive(make_channel(), "hola")
    Message.objects.update(state="answered")
    WhatsAppUser.objects.update(turn_due_at=None)
    outbound_append(user, "¡Hola!", author=Author.ASSISTANT, state=OutboundState.READ)
    return user


def page_of(client: Client) -> str:
    response = client.get("/dashboard/")
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def test_all_is_well_when_everything_is_answered(user: WhatsAppUser) -> None:
    page = page_of(administrator())

    assert "All is well: every message is answered." in page
    assert 'Received today</p><p class="tile__value">1<' in page
    assert page.count("badge--up") == 2


def test_the_counts_lead_to_the_messages_they_count(user: WhatsAppUser) -> None:
    client = administrator()

    assert "?direction__exact=in&amp;state=answered" in page_of(client)
    listed = client.get("/admin/conversations/message/?direction__exact=in&state=answered").content.decode()

    assert listed.count('class="field-created_at') == 1


@pytest.mark.parametrize(
    ("state", "verdict"),
    [
        ("held", "All is well; 1 question waits for a person."),
        ("parked", "1 message could not be dealt with and needs a person."),
    ],
)
def test_the_verdict_says_what_needs_a_person(user: WhatsAppUser, state: str, verdict: str) -> None:
    Message.objects.filter(direction="in").update(state=state)

    assert verdict in page_of(administrator())


def test_the_verdict_asks_for_the_worker_when_nobody_answers(user: WhatsAppUser) -> None:
    WhatsAppUser.objects.update(turn_due_at=timezone.now() - timedelta(minutes=2))

    assert "1 customer has waited for over a minute" in page_of(administrator())


def test_a_store_that_is_down_is_told_first(user: WhatsAppUser, settings: Settings) -> None:
    client = administrator()
    Message.objects.filter(direction="in").update(state="parked")
    settings.REDIS_URL = "redis://127.0.0.1:1/0"

    page = page_of(client)

    assert "Not answering: redis." in page
    assert page.count("badge--down") == 1


def test_yesterday_is_not_today(user: WhatsAppUser) -> None:
    Message.objects.update(created_at=timezone.now() - timedelta(days=1, minutes=1))

    assert 'Received today</p><p class="tile__value">0<' in page_of(administrator())


def test_the_page_takes_at_most_ten_queries(
    user: WhatsAppUser, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client = administrator()
    for number in range(5):
        make_channel(f"shop-{number}", phone_number_id=str(number))

    with django_assert_max_num_queries(10):
        page_of(client)


def test_only_who_may_see_messages_sees_it(client: Client) -> None:
    assert client.get("/dashboard").status_code == 302
    assert signed_in("conversations.view_run").get("/dashboard/").status_code == 403
