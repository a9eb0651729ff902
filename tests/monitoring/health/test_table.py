"""What is looked at: what every site has, and what is configured."""

import pytest
from pytest_django import DjangoAssertNumQueries, Settings

from monitoring.health.table import checks
from tests.conversations.builders import make_channel

pytestmark = pytest.mark.django_db


STANDING = ("beat", "broker", "database", "disk", "inbox", "memory", "outbox", "redis", "workers")


def test_what_is_not_configured_has_no_check() -> None:
    assert sorted(check.name for check in checks()) == sorted(STANDING)


def test_what_is_configured_has_one(settings: Settings) -> None:
    settings.OPENAI_API_KEY = settings.GEMINI_API_KEY = "key"
    settings.LARAVEL_API_URL = settings.INVENTORY_WSDL_URL = "http://127.0.0.1:1"
    make_channel()
    make_channel("off", phone_number_id="2", is_active=False)
    make_channel("own", kind="gateway", phone_number_id="")

    more = {check.name for check in checks()} - set(STANDING)

    assert more == {"channel:shop", "llm:openai", "llm:gemini", "laravel", "forwards", "inventory"}


def test_the_table_is_one_query(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    for number in range(5):
        make_channel(f"shop-{number}", phone_number_id=str(number))

    with django_assert_num_queries(1):
        assert len(checks()) == len(STANDING) + 5
