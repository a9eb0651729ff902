"""Erasing and downloading a customer on their page: only by permission, and only when it is meant."""

import json

import pytest
from django.contrib.admin.models import LogEntry

from conversations.models import Erasure, WhatsAppUser
from sessions_app.models import Channel
from tests.conversations.builders import receive
from tests.staff import administrator, signed_in

pytestmark = pytest.mark.django_db

VIEW = "conversations.view_whatsappuser"


@pytest.fixture
def user(channel: Channel) -> WhatsAppUser:
    user = receive(channel, "hola")
    WhatsAppUser.objects.filter(pk=user.pk).update(name="Ana Canaria")
    return WhatsAppUser.objects.get()


def page(user: WhatsAppUser, step: str) -> str:
    return f"/admin/conversations/whatsappuser/{user.pk}/{step}/"


def test_erasing_asks_first(user: WhatsAppUser) -> None:
    response = administrator().get(page(user, "erase"))

    assert "Ana Canaria" in response.content.decode()
    assert "Yes, erase everything" in response.content.decode()
    assert WhatsAppUser.objects.exists()


def test_a_confirmed_erasure_is_done_and_stands_in_the_log_without_the_name(user: WhatsAppUser) -> None:
    client = signed_in(VIEW, "conversations.erase_whatsappuser")

    response = client.post(page(user, "erase"), follow=True)

    assert "erased everywhere" in response.content.decode()
    assert not WhatsAppUser.objects.exists()
    assert Erasure.objects.get().requested_by == "staff"
    entry = LogEntry.objects.get()
    assert (entry.object_id, entry.object_repr, entry.change_message) == (
        str(user.pk),
        f"#{user.pk}",
        "Erased the customer.",
    )


def test_a_second_confirmation_finds_nobody(user: WhatsAppUser) -> None:
    client = administrator()
    client.post(page(user, "erase"))

    assert client.post(page(user, "erase")).status_code == 404
    assert Erasure.objects.count() == 1


@pytest.mark.parametrize("step", ["erase", "export"])
def test_both_need_a_permission_of_their_own(user: WhatsAppUser, step: str) -> None:
    client = signed_in(VIEW, "conversations.change_whatsappuser", "conversations.delete_whatsappuser")

    assert client.get(page(user, step)).status_code == 403
    assert client.post(page(user, step)).status_code == 403
    assert WhatsAppUser.objects.exists()
    links = client.get(f"/admin/conversations/whatsappuser/{user.pk}/change/").content.decode()
    assert page(user, step) not in links


def test_the_page_leads_to_both(user: WhatsAppUser) -> None:
    content = administrator().get(f"/admin/conversations/whatsappuser/{user.pk}/change/").content.decode()

    assert page(user, "erase") in content
    assert page(user, "export") in content


def test_a_download_is_a_file_of_json(user: WhatsAppUser) -> None:
    response = signed_in(VIEW, "conversations.export_whatsappuser").get(page(user, "export"))

    assert response["Content-Disposition"] == f'attachment; filename="customer-{user.pk}.json"'
    exported = json.loads(response.getvalue())
    assert exported["user"]["name"] == "Ana Canaria"
    assert [row["text"] for row in exported["records"]["conversations.message"]] == ["hola"]
    assert LogEntry.objects.get().change_message == "Downloaded all data."


def test_the_record_of_an_erasure_is_shown(user: WhatsAppUser) -> None:
    client = administrator()
    client.post(page(user, "erase"))
    erasure = Erasure.objects.get()

    shown = client.get(f"/admin/conversations/erasure/{erasure.pk}/change/").content.decode()

    assert "conversations.message" in shown
    assert "Ana" not in shown
