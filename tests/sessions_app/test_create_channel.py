"""`manage.py create_channel`."""

import pytest
from django.core.management import CommandError, call_command

from sessions_app.models import Channel

pytestmark = pytest.mark.django_db


def test_it_creates_and_then_updates_only_what_is_given(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("create_channel", slug="shop", kind="cloud_api", app_secret="one", phone_number_id="42")
    call_command("create_channel", slug="shop", kind="cloud_api", app_secret="two")

    channel = Channel.objects.get()
    assert (channel.app_secret, channel.phone_number_id) == ("two", "42")
    said = capsys.readouterr().out
    assert "created" in said
    assert "updated" in said
    assert "/webhook/shop" in said
    assert "two" not in said


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"slug": "a shop"}, "slug"),
        ({"slug": "shop", "phone_number_id": "1" * 60}, "50"),
        ({"slug": "other", "phone_number_id": "42"}, "phone_number_id|exists|existe"),
    ],
)
def test_invalid_values_are_told_in_one_sentence(values: dict[str, str], message: str) -> None:
    Channel.objects.create(slug="taken", kind="cloud_api", phone_number_id="42")

    with pytest.raises(CommandError, match=message):
        call_command("create_channel", kind="cloud_api", **values)
    assert Channel.objects.count() == 1


def test_a_whapi_channel_is_made_too(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("create_channel", slug="w", kind="whapi", access_token="token", app_secret="s3cret")

    account = Channel.objects.get().account()
    assert (account.kind, account.access_token, account.app_secrets) == ("whapi", "token", ("s3cret",))
    assert "/webhook/w" in capsys.readouterr().out


GATEWAY = {
    "base_url": "https://gateway.example.com",
    "instance": "shop",
    "access_token": "key",
    "app_secret": "s3cret",
}


@pytest.mark.parametrize("kind", ["evolution", "waha"])
def test_a_channel_of_linked_phones_is_made_with_all_that_it_needs(kind: str) -> None:
    call_command("create_channel", slug="shop", kind=kind, **GATEWAY)
    call_command("create_channel", slug="shop", kind=kind, app_secret="new")

    account = Channel.objects.get().account()
    assert (account.kind, account.instance, account.app_secrets) == (kind, "shop", ("new",))


@pytest.mark.parametrize("kind", ["evolution", "waha"])
@pytest.mark.parametrize("missing", sorted(GATEWAY))
def test_what_a_channel_of_linked_phones_lacks_is_named(kind: str, missing: str) -> None:
    given = {name: value for name, value in GATEWAY.items() if name != missing}

    with pytest.raises(CommandError, match=missing.replace("_", "-")):
        call_command("create_channel", slug="shop", kind=kind, **given)
    assert not Channel.objects.exists()


def test_a_base_url_has_to_be_one() -> None:
    with pytest.raises(CommandError, match="http"):
        call_command("create_channel", slug="shop", kind="waha", **GATEWAY | {"base_url": "gateway:3000"})


def test_a_gateway_of_ones_own_needs_nothing() -> None:
    call_command("create_channel", slug="phones", kind="gateway")

    assert Channel.objects.get().kind == "gateway"
