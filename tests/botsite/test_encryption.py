"""Secrets at rest."""

from collections.abc import Iterator

import pytest
from cryptography.fernet import Fernet
from django.db import connection
from pytest_django import Settings

from botsite import encryption
from sessions_app.models import Channel
from tests.conversations.builders import make_channel


@pytest.fixture(autouse=True)
def fresh_cipher() -> Iterator[None]:
    """No test knows the keys of another, nor do the tests of other files."""
    encryption._cipher.cache_clear()
    yield
    encryption._cipher.cache_clear()


def stored_secret(channel: Channel) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT app_secret FROM sessions_app_channel WHERE id = %s", [channel.pk])
        return str(cursor.fetchone()[0])


def test_a_secret_is_stored_encrypted_and_read_in_clear(db: None) -> None:
    channel = make_channel(app_secret="very secret")

    assert "very secret" not in stored_secret(channel)
    assert Channel.objects.get().app_secret == "very secret"


def test_after_a_rotation_old_secrets_are_read_and_new_ones_use_the_new_key(
    db: None, settings: Settings
) -> None:
    make_channel(app_secret="very secret")
    new = Fernet.generate_key().decode()
    settings.FIELD_ENCRYPTION_KEYS = [new, *settings.FIELD_ENCRYPTION_KEYS]
    encryption._cipher.cache_clear()

    channel = Channel.objects.get()
    assert channel.app_secret == "very secret"
    channel.save()

    assert Fernet(new).decrypt(stored_secret(channel).encode()) == b"very secret"


def test_a_lost_key_reads_as_empty(db: None, settings: Settings) -> None:
    make_channel(app_secret="very secret")
    settings.FIELD_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    encryption._cipher.cache_clear()

    assert Channel.objects.get().app_secret == ""
