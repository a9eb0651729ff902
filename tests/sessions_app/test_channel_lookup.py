"""Finding a webhook's channel: from memory, and never one that was changed or switched off."""

from collections.abc import Callable

import pytest
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks

from sessions_app.models import Channel
from sessions_app.services.channels import channel_by_slug, channel_save
from tests.conversations.builders import make_channel

Committing = DjangoCaptureOnCommitCallbacks

pytestmark = pytest.mark.django_db


@pytest.fixture
def channel() -> Channel:
    """A channel that has been looked up before."""
    channel = make_channel()
    assert channel_by_slug("shop") == channel
    return channel


def test_a_channel_is_read_once(channel: Channel, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(0):
        found = channel_by_slug("shop")

    assert found == channel
    assert found is not None
    assert found.app_secret == "app-secret"


def _deactivate(channel: Channel) -> None:
    channel.is_active = False
    channel.save(update_fields=["is_active"])


def _rename(channel: Channel) -> None:
    channel.slug = "other"
    channel.save()


def _delete(channel: Channel) -> None:
    channel.delete()


def _delete_as_the_admin_does(channel: Channel) -> None:
    Channel.objects.filter(pk=channel.pk).delete()


@pytest.mark.parametrize("change", [_deactivate, _rename, _delete, _delete_as_the_admin_does])
def test_a_channel_that_is_no_more_is_not_found(
    channel: Channel, change: Callable[[Channel], None], django_capture_on_commit_callbacks: Committing
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        change(channel)

    assert channel_by_slug("shop") is None


def test_a_changed_secret_counts_at_once(
    channel: Channel, django_capture_on_commit_callbacks: Committing
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        channel_save(slug="shop", kind="cloud_api", app_secret="newer")

    found = channel_by_slug("shop")
    assert found is not None
    assert found.app_secret == "newer"


def test_a_slug_that_nobody_has_is_not_remembered(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for _ in range(2):
        with django_assert_num_queries(1):
            assert channel_by_slug("shop") is None
    make_channel()

    assert channel_by_slug("shop") is not None
