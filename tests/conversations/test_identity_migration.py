"""The step to canonical names keeps every user reachable, on data from before it."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from conversations.models import UserIdentity, WhatsAppUser
from sessions_app.models import Channel
from tests.conversations.builders import make_channel, receive

pytestmark = pytest.mark.django_db(transaction=True)


def migrated(*target: tuple[str, str]) -> Any:
    """Migrate to `target` and return the models as they were then."""
    executor = MigrationExecutor(connection)
    executor.migrate(list(target))
    return MigrationExecutor(connection).loader.project_state(list(target)).apps


@pytest.fixture
def before() -> Iterator[Any]:
    """The models of the time before; at the end the database is up to date again."""
    latest = MigrationExecutor(connection).loader.graph.leaf_nodes()
    try:
        yield migrated(("conversations", "0005_run_cost"))
    finally:
        migrated(*latest)


def old_user(models: Any, channel: Channel, *names: tuple[str, str], hours_ago: int) -> int:
    user = models.get_model("conversations", "WhatsAppUser").objects.create(
        channel_id=channel.pk, last_inbound_at=timezone.now() - timedelta(hours=hours_ago)
    )
    identities = models.get_model("conversations", "UserIdentity").objects
    for kind, value in names:
        identities.create(user=user, channel_id=channel.pk, kind=kind, value=value)
    return int(user.pk)


def test_names_get_their_canonical_form_and_doubled_ones_their_own(before: Any) -> None:
    shop, other = make_channel(), make_channel("other", phone_number_id="2002")
    asleep = old_user(before, shop, ("wa_id", "525512345678"), hours_ago=9)
    awake = old_user(before, shop, ("wa_id", "5215512345678"), ("bsuid", "MX.1"), hours_ago=1)
    twice = old_user(
        before, shop, ("jid", "573001112233@s.whatsapp.net"), ("wa_id", "573001112233"), hours_ago=1
    )
    apart = old_user(before, other, ("wa_id", "5215512345678"), hours_ago=1)

    migrated(("conversations", "0006_identity_canonical"))

    assert set(UserIdentity.objects.values_list("user", "value", "canonical")) == {
        (awake, "5215512345678", "phone:525512345678"),
        (awake, "MX.1", "bsuid:MX.1"),
        (asleep, "525512345678", "phone:525512345678 (2)"),
        (twice, "573001112233", "phone:573001112233"),
        (apart, "5215512345678", "phone:525512345678"),
    }


def test_what_was_doubled_is_merged_when_the_customer_writes_again(before: Any) -> None:
    shop = make_channel()
    for number in ("525512345678", "5215512345678"):
        old_user(before, shop, ("wa_id", number), hours_ago=1)
    migrated(*MigrationExecutor(connection).loader.graph.leaf_nodes())

    user = receive(shop, "hola", sender="525512345678")

    assert list(WhatsAppUser.objects.all()) == [user]
    [name] = user.identities.all()
    assert (name.value, name.canonical) == ("525512345678", "phone:525512345678")
