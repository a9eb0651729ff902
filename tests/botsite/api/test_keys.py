"""API keys: stored as hashes, found by their token while they live."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from botsite.api import keys
from botsite.api.models import ApiKey
from tests.botsite.api.client import key_of, make_key

pytestmark = pytest.mark.django_db


def test_a_token_finds_its_key_and_is_not_stored() -> None:
    token = make_key("messages:read")

    found = keys.api_key_find(token)

    assert found == ApiKey.objects.get()
    secret = token.rpartition("_")[2]
    assert len(bytes.fromhex(secret)) == 32
    assert secret not in repr(ApiKey.objects.values().get())


def test_every_token_is_another() -> None:
    assert len({make_key() for _ in range(5)}) == 5


def test_a_wrong_secret_of_a_real_prefix_is_refused() -> None:
    token = make_key()
    prefix, _, secret = token.rpartition("_")
    other = ("0" if secret[0] != "0" else "1") + secret[1:]

    assert keys.api_key_find(f"{prefix}_{other}") is None
    assert keys.api_key_find(token) is not None


@pytest.mark.parametrize("rubbish", ["", "x", "bsk_", "bsk_zz_zz", "bsk_" + "a" * 77, "\x00", "ñ" * 100])
def test_rubbish_is_refused_without_a_query(
    rubbish: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        assert keys.api_key_find(rubbish) is None


def test_expired_and_revoked_keys_are_not_found() -> None:
    expired = make_key(expires_at=timezone.now() - timedelta(seconds=1))
    lasting = make_key(expires_at=timezone.now() + timedelta(hours=1))
    revoked = make_key(name="old")
    assert keys.api_keys_revoke(ApiKey.objects.filter(name="old")) == 1

    assert keys.api_key_find(expired) is None
    assert keys.api_key_find(revoked) is None
    assert keys.api_key_find(lasting) is not None


def test_two_keys_of_one_name_live_side_by_side() -> None:
    before, after = make_key(name="laravel"), make_key(name="laravel")

    assert keys.api_key_find(before) is not None
    assert keys.api_key_find(after) is not None


def test_use_is_noted_once_a_minute(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    token = make_key()
    key = key_of(token).get()

    keys.api_key_touch(key)
    first = key_of(token).get()
    assert first.last_used_at is not None
    with django_assert_num_queries(0):
        keys.api_key_touch(first)

    key_of(token).update(last_used_at=first.last_used_at - timedelta(seconds=61))
    keys.api_key_touch(key_of(token).get())
    later = key_of(token).get().last_used_at
    assert later is not None
    assert later >= first.last_used_at


@pytest.mark.parametrize(
    "values", [{"scopes": ["messages:all"]}, {"scopes": []}, {"name": ""}, {"channels": ["not a slug"]}]
)
def test_what_a_key_cannot_be_is_refused(values: dict[str, list[str]]) -> None:
    with pytest.raises(ValidationError):
        keys.api_key_create(**({"name": "n8n", "scopes": ["messages:read"]} | values))  # type: ignore[arg-type]

    assert not ApiKey.objects.exists()
