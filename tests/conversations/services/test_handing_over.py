"""Whatever refers to the one user refers to the other afterwards, models of the future included."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, models

from conversations.models import MergeReason, Message, Thread, WhatsAppUser
from conversations.services.handing_over import hand_over
from conversations.services.merging import users_merge
from sessions_app.models import Channel
from tests.conversations.builders import receive

pytestmark = pytest.mark.django_db


@pytest.fixture
def basket(db: None) -> Iterator[type[models.Model]]:
    """A model of later times, one-to-one with a user who does not know of it."""

    class Basket(models.Model):
        user = models.OneToOneField(WhatsAppUser, on_delete=models.CASCADE, related_name="+")
        title = models.CharField(max_length=20)
        filled_at = models.DateTimeField(auto_now_add=True)

        class Meta:
            app_label = "conversations"

        def __str__(self) -> str:
            return self.title

    with connection.schema_editor() as editor:
        editor.create_model(Basket)
    try:
        yield Basket
    finally:
        del apps.all_models["conversations"]["basket"]
        apps.clear_cache()


@pytest.fixture
def pair(channel: Channel) -> tuple[WhatsAppUser, WhatsAppUser]:
    """The old user, with a message, and the new one, without any."""
    return receive(channel, "hola"), WhatsAppUser.objects.create(channel=channel)


def rows(model: type[models.Model]) -> list[Any]:
    return list(model._base_manager.order_by("pk").values_list("user", "title"))


def test_nothing_of_the_old_user_stays_behind(
    pair: tuple[WhatsAppUser, WhatsAppUser],
) -> None:
    old, new = pair
    Thread.objects.create(user=old)

    handover = hand_over(old, new)

    assert dict(+handover.moved) == {
        "conversations.message": 1,
        "conversations.thread": 1,
        "conversations.useridentity": 1,
    }
    assert old.delete() == (1, {"conversations.WhatsAppUser": 1})
    assert Message.objects.get().user == new


def test_a_row_that_only_the_old_user_has_moves(
    basket: type[models.Model], pair: tuple[WhatsAppUser, WhatsAppUser]
) -> None:
    old, new = pair
    basket._base_manager.create(user=old, title="pan")

    handover = hand_over(old, new)

    assert rows(basket) == [(new.pk, "pan")]
    assert handover.moved["conversations.basket"] == 1
    assert handover.left_out == []


def test_of_two_one_to_one_rows_the_new_users_stays_and_the_other_is_written_down(
    basket: type[models.Model], pair: tuple[WhatsAppUser, WhatsAppUser]
) -> None:
    old, new = pair
    basket._base_manager.create(user=old, title="pan")
    basket._base_manager.create(user=new, title="leche")

    handover = hand_over(old, new)

    assert rows(basket) == [(new.pk, "leche")]
    assert handover.moved["conversations.basket"] == 0
    [left] = handover.left_out
    assert left["model"] == "conversations.basket"
    assert (left["fields"]["user"], left["fields"]["title"]) == (old.pk, "pan")


def test_what_a_merge_left_out_stands_in_its_record(basket: type[models.Model], channel: Channel) -> None:
    users = receive(channel, "hola"), receive(channel, "hola", sender="573000000002")
    for user in users:
        basket._base_manager.create(user=user, title=f"de {user.pk}")

    kept = users_merge(users, reason=MergeReason.NAMED_TOGETHER)

    assert rows(basket) == [(kept.pk, f"de {kept.pk}")]
    [left] = kept.merges.get().left_out
    assert left["fields"]["title"] == f"de {users[1].pk}"


def test_rows_that_would_collide_stay_behind_and_the_others_move(channel: Channel) -> None:
    old = receive(channel, "uno", "dos", "tres")
    new = receive(channel, "otro", sender="573000000002")

    handover = hand_over(old, new)

    assert handover.moved["conversations.message"] == 2
    assert [row["fields"]["text"] for row in handover.left_out] == ["uno"]
    assert sorted(Message.objects.values_list("text", flat=True)) == ["dos", "otro", "tres"]
