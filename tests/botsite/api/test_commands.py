"""`create_api_key` and `revoke_api_key`."""

from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from botsite.api.keys import api_key_find
from botsite.api.models import ApiKey
from tests.botsite.api.client import key_of, make_key

pytestmark = pytest.mark.django_db


def run(*args: str) -> list[str]:
    out = StringIO()
    call_command(*args, stdout=out)
    return out.getvalue().splitlines()


def test_the_key_is_alone_on_the_last_line_and_works() -> None:
    lines = run("create_api_key", "--name", "n8n", "--scope", "messages:write", "--scope", "messages:read")

    key = api_key_find(lines[-1])
    assert key is not None
    assert (key.name, key.scopes, key.channels) == ("n8n", ["messages:read", "messages:write"], [])
    assert key.expires_at is None
    assert lines[-1] not in "".join(lines[:-1])


def test_limits_are_stored() -> None:
    limits = ("--channel", "shop", "--channel", "rent", "--expires-days", "30", "--limit", "120")
    lines = run("create_api_key", "--name", "n8n", "--scope", "users:read", *limits)

    key = api_key_find(lines[-1])
    assert key is not None
    assert key.channels == ["rent", "shop"]
    assert key.calls_per_minute == 120
    assert key.expires_at is not None
    assert abs(key.expires_at - timezone.now() - timedelta(days=30)) < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("--scope", "users:all"), "invalid choice"),
        ((), "--scope"),
        (("--scope", "users:read", "--expires-days", "0"), "--expires-days must be from 1 to 36500"),
        (("--scope", "users:read", "--expires-days", "99999999999"), "--expires-days must be from 1"),
        (("--scope", "users:read", "--channel", "no slug"), "slug"),
        (("--scope", "users:read", "--limit", "0"), "--limit must be from 1 to 100000"),
        (("--scope", "users:read", "--expires", "tomorrow"), "--expires is 'tomorrow': expected 2027-01-31"),
        (("--scope", "users:read", "--expires", "2020-01-01"), "which is past"),
        (("--scope", "users:read", "--expires", "2090-01-01", "--expires-days", "1"), "not allowed with"),
    ],
)
def test_bad_options_are_told(args: tuple[str, ...], says: str) -> None:
    with pytest.raises(CommandError, match=says):
        run("create_api_key", "--name", "n8n", *args)

    assert not ApiKey.objects.exists()


def test_revoking_stops_every_key_of_the_name_and_no_other() -> None:
    def make(name: str) -> str:
        return run("create_api_key", "--name", name, "--scope", "users:read")[-1]

    old, new, other = make("n8n"), make("n8n"), make("laravel")

    assert run("revoke_api_key", "--name", "n8n") == ["2 API key(s) named 'n8n' revoked"]

    assert [api_key_find(token) is not None for token in (old, new, other)] == [False, False, True]
    assert run("revoke_api_key", "--name", "n8n") == ["every API key named 'n8n' was revoked before"]


def test_revoking_an_unknown_name_is_an_error() -> None:
    with pytest.raises(CommandError, match="there is no API key named 'nobody'"):
        run("revoke_api_key", "--name", "nobody")


@pytest.mark.parametrize("text", ["2090-01-31", "2090-01-31T00:00", "2090-01-31T00:00+00:00"])
def test_a_key_ends_at_a_date(text: str) -> None:
    token = run("create_api_key", "--name", "n8n", "--scope", "users:read", "--expires", text)[-1]

    key = api_key_find(token)
    assert key is not None
    assert key.expires_at == datetime(2090, 1, 31, tzinfo=UTC)


def test_a_rotation_leaves_two_keys_for_a_while() -> None:
    old = make_key("users:read", channels=("shop",), name="n8n")
    key_of(old).update(calls_per_minute=7)

    new = run("rotate_api_key", "--name", "n8n")[-1]

    before, after = api_key_find(old), api_key_find(new)
    assert before is not None
    assert after is not None
    assert (after.name, after.scopes, after.channels) == ("n8n", ["users:read"], ["shop"])
    assert (after.calls_per_minute, after.expires_at) == (7, None)
    assert before.expires_at is not None
    assert abs(before.expires_at - timezone.now() - timedelta(days=7)) < timedelta(minutes=1)


def test_a_rotation_gives_no_key_more_time_than_it_had() -> None:
    soon = timezone.now() + timedelta(hours=1)
    old = make_key("users:read", expires_at=soon, name="n8n")

    run("rotate_api_key", "--name", "n8n", "--overlap-days", "30")

    assert key_of(old).get().expires_at == soon


def test_a_rotation_without_overlap_ends_the_old_key_at_once() -> None:
    old = make_key("users:read", name="n8n")

    new = run("rotate_api_key", "--name", "n8n", "--overlap-days", "0")[-1]

    assert [api_key_find(token) is not None for token in (old, new)] == [False, True]


def test_which_of_several_keys_to_rotate_has_to_be_said() -> None:
    first, second = make_key("users:read", name="n8n"), make_key("messages:read", name="n8n")
    prefix = key_of(first).get().prefix

    with pytest.raises(CommandError, match=f"several live keys.*{prefix}"):
        run("rotate_api_key", "--name", "n8n")
    new = run("rotate_api_key", "--name", "n8n", "--prefix", prefix)[-1]

    assert key_of(new).get().scopes == ["users:read"]
    assert key_of(second).get().expires_at is None


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("--name", "nobody"), "there is no live API key named 'nobody'"),
        (("--name", "n8n", "--prefix", "bsk_0"), "named 'n8n' with bsk_0"),
        (("--name", "n8n", "--overlap-days", "366"), "--overlap-days must be from 0 to 365"),
    ],
)
def test_bad_rotations_are_told(args: tuple[str, ...], says: str) -> None:
    make_key("users:read", name="n8n")

    with pytest.raises(CommandError, match=says):
        run("rotate_api_key", *args)

    assert ApiKey.objects.count() == 1


def test_a_dead_key_is_not_rotated() -> None:
    make_key("users:read", name="n8n")
    run("revoke_api_key", "--name", "n8n")

    with pytest.raises(CommandError, match="there is no live API key"):
        run("rotate_api_key", "--name", "n8n")
