"""API keys in admin."""

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from botsite.api.keys import api_key_find
from botsite.api.models import ApiKey
from tests.botsite.api.client import key_of, make_key

LIST = "/admin/api/apikey/"
TOKEN = re.compile(r"bsk_[0-9a-f]{12}_[0-9a-f]{64}")
FORM = {
    "name": "n8n",
    "scopes": ["messages:read", "users:read"],
    "channels": "shop",
    "calls_per_minute": "120",
    "expires_at_0": "",
    "expires_at_1": "",
}


def test_the_new_key_is_shown_once(admin_client: Client) -> None:
    answer = admin_client.post(f"{LIST}add/", FORM)

    assert answer.status_code == 200
    [token] = set(TOKEN.findall(answer.content.decode()))
    key = api_key_find(token)
    assert key is not None
    assert (key.name, key.scopes, key.channels) == ("n8n", ["messages:read", "users:read"], ["shop"])
    assert key.calls_per_minute == 120
    assert "no-store" in answer.headers["Cache-Control"]
    assert token not in str(admin_client.cookies)
    for page in (LIST, f"{LIST}{key.pk}/change/"):
        assert not TOKEN.search(admin_client.get(page).content.decode())


def test_changing_a_key_keeps_its_secret(admin_client: Client) -> None:
    token = make_key("users:read", name="n8n")
    pk = key_of(token).get().pk

    answer = admin_client.post(f"{LIST}{pk}/change/", FORM | {"name": "other", "scopes": ["users:write"]})

    assert answer.status_code == 302
    key = api_key_find(token)
    assert key is not None
    assert (key.name, key.scopes) == ("n8n", ["users:write"])


@pytest.mark.parametrize(
    "values",
    [{"scopes": []}, {"scopes": ["root"]}, {"channels": "a b"}, {"name": ""}, {"calls_per_minute": "0"}],
)
def test_bad_values_are_refused_on_the_form(admin_client: Client, values: dict[str, object]) -> None:
    answer = admin_client.post(f"{LIST}add/", FORM | values)

    assert answer.status_code == 200
    assert "errorlist" in answer.content.decode()
    assert not ApiKey.objects.exists()


def test_the_action_revokes(admin_client: Client) -> None:
    token, other = make_key(), make_key(name="other")
    chosen = {"action": "revoke", "_selected_action": [key_of(token).get().pk]}

    assert admin_client.post(LIST, chosen).status_code == 302

    assert api_key_find(token) is None
    assert api_key_find(other) is not None
    assert "revo" in admin_client.get(LIST).content.decode()


def test_keys_are_never_deleted(admin_client: Client) -> None:
    pk = key_of(make_key()).get().pk

    assert admin_client.post(f"{LIST}{pk}/delete/", {"post": "yes"}).status_code == 403
    assert ApiKey.objects.filter(pk=pk).exists()


def test_staff_without_the_permission_see_no_keys(client: Client, db: None) -> None:
    client.force_login(User.objects.create_user("agent", is_staff=True))

    assert client.get(LIST).status_code == 403
    assert client.post(f"{LIST}add/", FORM).status_code == 403


def rotate(admin_client: Client, *tokens: str) -> str:
    keys = [key_of(token).get().pk for token in tokens]
    answer = admin_client.post(LIST, {"action": "rotate", "_selected_action": keys}, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_action_rotates_and_shows_the_successor_once(admin_client: Client) -> None:
    old = make_key("users:read", name="n8n")

    [new] = set(TOKEN.findall(rotate(admin_client, old)))

    before, after = api_key_find(old), api_key_find(new)
    assert before is not None
    assert after is not None
    assert (after.name, after.scopes) == ("n8n", ["users:read"])
    assert before.expires_at is not None
    assert not TOKEN.search(admin_client.get(LIST).content.decode())


def test_a_rotation_that_is_not_possible_is_told(admin_client: Client) -> None:
    live, dead = make_key(), make_key()
    key_of(dead).update(revoked_at=timezone.now())

    for tokens in ((live, dead), (dead,)):
        assert 'class="error"' in rotate(admin_client, *tokens)

    assert ApiKey.objects.count() == 2
