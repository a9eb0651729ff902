"""Fixtures of the shop's tests."""

import pytest

from conversations.shop.values import Customer
from sessions_app.models import Channel
from tests.conversations.shop.builders import make_customer


@pytest.fixture
def customer(channel: Channel) -> Customer:
    return make_customer(channel)
