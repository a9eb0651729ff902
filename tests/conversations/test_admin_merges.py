"""What staff see of merges: the record, the way to it, and the customer under every number."""

import pytest
from django.test import Client
from django.urls import reverse

from conversations.models import UserMerge, WhatsAppUser
from conversations.services import inbox
from sessions_app.models import Channel
from tests.conversations.builders import bsuid, inbound, receive, wa_id
from tests.staff import administrator, signed_in

NUMBER = "5215512345678"


@pytest.fixture
def merge(channel: Channel) -> UserMerge:
    """The record of a customer who was two users."""
    receive(channel, "por número", sender=NUMBER)
    inbox.receive(channel, [inbound("por nombre", identities=(bsuid("MX.1"),))])
    inbox.receive(channel, [inbound("junto", identities=(wa_id(NUMBER), bsuid("MX.1")))])
    return UserMerge.objects.get()


def page(pk: int) -> str:
    return reverse("admin:conversations_whatsappuser_change", args=[pk])


def records(merge: UserMerge) -> str:
    return f"{reverse('admin:conversations_usermerge_changelist')}?kept__id__exact={merge.kept_id}"


def html(client: Client, url: str) -> str:
    response = client.get(url)
    assert response.status_code == 200
    return response.content.decode()


def test_the_customers_page_leads_to_the_records_of_its_merges(merge: UserMerge) -> None:
    client = administrator()

    shown = html(client, page(merge.kept_id))

    assert f'href="{records(merge)}"' in shown
    assert "Merged with 1 other entry" in shown
    assert "MX.1" in html(client, records(merge))


def test_a_customer_who_was_never_merged_has_no_such_link(channel: Channel) -> None:
    user = receive(channel, "hola")

    assert "usermerge" not in html(signed_in("conversations.view_whatsappuser"), page(user.pk))


def test_who_may_not_see_the_records_is_shown_no_link(merge: UserMerge) -> None:
    client = signed_in("conversations.view_whatsappuser")

    assert "usermerge" not in html(client, page(merge.kept_id))
    assert client.get(records(merge)).status_code == 403


def test_a_record_says_what_was_moved_and_cannot_be_changed(merge: UserMerge) -> None:
    client = administrator()
    record = reverse("admin:conversations_usermerge_change", args=[merge.pk])

    shown = html(client, record)

    assert "&quot;conversations.message&quot;: 1" in shown
    assert "names of both came with one message" in shown
    assert client.post(record, {"merged_pk": 1}).status_code == 403
    assert client.post(reverse("admin:conversations_usermerge_delete", args=[merge.pk])).status_code == 403


def test_the_page_of_the_merged_user_leads_to_the_customer(merge: UserMerge) -> None:
    client = administrator()

    response = client.get(page(merge.merged_pk))

    assert response.headers["Location"] == page(merge.kept_id)
    assert client.get(page(merge.merged_pk + 1)).status_code == 404


def test_a_person_who_still_has_the_merged_users_page_takes_over_the_customer(merge: UserMerge) -> None:
    administrator().post(reverse("admin:whatsappuser_pause", args=[merge.merged_pk]))

    assert WhatsAppUser.objects.get().paused_at is not None


@pytest.mark.parametrize(
    "written", [NUMBER, "525512345678", "+52 1 55 1234 5678", "+52 55 1234 5678", "MX.1"]
)
def test_a_customer_is_found_by_the_number_in_any_writing(merge: UserMerge, written: str) -> None:
    users = reverse("admin:conversations_whatsappuser_changelist")
    client = administrator()

    shown = client.get(users, {"q": written}).content.decode()

    assert shown.count(f'href="{page(merge.kept_id)}') == 1
    assert page(merge.kept_id) not in client.get(users, {"q": "+52 55 1234 5679"}).content.decode()


def test_an_open_page_is_loaded_anew_when_the_history_got_new_numbers(channel: Channel) -> None:
    user = receive(channel, "por número", sender=NUMBER)
    feed = reverse("admin:whatsappuser_feed", args=[user.pk])
    client = administrator()
    assert client.get(feed, {"after": 1}).status_code == 200
    inbox.receive(channel, [inbound("por nombre", identities=(bsuid("MX.1"),))])
    inbox.receive(channel, [inbound("junto", identities=(wa_id(NUMBER), bsuid("MX.1")))])
    gone = UserMerge.objects.get().merged_pk

    assert client.get(feed, {"after": 1}).headers["Location"] == page(user.pk)
    assert client.get(reverse("admin:whatsappuser_feed", args=[gone])).headers["Location"] == page(user.pk)
    last = user.messages.order_by("-sequence")[0].sequence
    assert len(client.get(feed, {"after": last}).json()["items"]) == 3


def test_the_customers_page_tells_old_numbers_from_the_present_one(channel: Channel) -> None:
    for number in (NUMBER, "5215587654321"):
        inbox.receive(channel, [inbound(identities=(wa_id(number), bsuid("MX.1")))])
    client = administrator()

    shown = html(client, page(WhatsAppUser.objects.get().pk))
    listed = html(client, reverse("admin:conversations_whatsappuser_changelist"))

    assert shown.count("<small>until ") == 1
    assert (NUMBER in listed, "5215587654321" in listed) == (False, True)
