"""`create_api_key` and `revoke_api_key`."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from botsite.api.keys import api_key_find
from botsite.api.models import ApiKey

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
    limits = ("--channel", "shop", "--channel", "rent", "--expires-days", "30")
    lines = run("create_api_key", "--name", "n8n", "--scope", "users:read", *limits)

    key = api_key_find(lines[-1])
    assert key is not None
    assert key.channels == ["rent", "shop"]
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
