"""System checks: what is wrong with the settings is named with what to do about it."""

from ipaddress import ip_network
from typing import Any

import pytest
from django.core import checks
from pytest_django import Settings

ANYWHERE = [ip_network("10.0.0.0/8"), ip_network("0.0.0.0/0")]
LARAVEL = {"LARAVEL_API_URL": "https://shop.example.com/api", "LARAVEL_API_TOKEN": "token"}


def codes(*, deploy: bool) -> set[str]:
    """The ids of our own messages."""
    found = checks.run_checks(include_deployment_checks=deploy)
    ours = [message for message in found if (message.id or "").startswith("botsite.")]
    assert all(message.hint for message in ours)
    return {message.id or "" for message in ours}


@pytest.fixture(autouse=True)
def production(settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["bot.example.com"]
    settings.OPENAI_API_KEY = "key"


def test_good_settings_are_left_alone(settings: Settings) -> None:
    for name, value in LARAVEL.items():
        setattr(settings, name, value)

    assert codes(deploy=True) == set()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"ALLOWED_HOSTS": ["*"]}, "botsite.W001"),
        (LARAVEL | {"LARAVEL_API_TOKEN": ""}, "botsite.W002"),
        (LARAVEL | {"LARAVEL_API_URL": "http://shop.example.com/api"}, "botsite.W003"),
        ({"METRICS_ALLOWED_NETWORKS": ANYWHERE}, "botsite.W004"),
        ({"TRUSTED_PROXIES": ANYWHERE}, "botsite.W005"),
        ({"OPENAI_API_KEY": ""}, "botsite.I001"),
    ],
)
def test_a_mistake_is_told_before_deployment(settings: Settings, changes: dict[str, Any], code: str) -> None:
    for name, value in changes.items():
        setattr(settings, name, value)

    assert codes(deploy=True) == {code}
    assert codes(deploy=False) == set()


@pytest.mark.parametrize("host", ["127.0.0.1", "10.1.2.3", "localhost", "laravel"])
def test_a_laravel_next_door_needs_no_tls(settings: Settings, host: str) -> None:
    settings.LARAVEL_API_URL, settings.LARAVEL_API_TOKEN = f"http://{host}:8001/api", "token"

    assert codes(deploy=True) == set()


@pytest.mark.parametrize("kind", ["MEMORY", "DISK"])
def test_a_warning_has_to_come_before_what_is_critical(settings: Settings, kind: str) -> None:
    setattr(settings, f"{kind}_WARN_PERCENT", 97)

    assert codes(deploy=False) == {"botsite.E001"}
