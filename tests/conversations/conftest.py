"""Fixtures of the conversations' tests."""

import pytest
from pytest_django import Settings

from sessions_app.models import Channel
from tests.conversations.builders import make_channel
from tests.fakes.graph import FakeGraph
from tests.fakes.openai_compatible import FakeOpenAI


@pytest.fixture
def channel(db: None) -> Channel:
    return make_channel()


@pytest.fixture
def live_channel(transactional_db: None, graph: FakeGraph, settings: Settings) -> Channel:
    """A channel that sends to the fake Graph API; its customers' turns are due at once."""
    settings.BUFFER_SECONDS = 0
    settings.SEND_PAIR_SECONDS = 0
    return make_channel(base_url=graph.url)


@pytest.fixture
def model(openai_fake: FakeOpenAI, settings: Settings) -> FakeOpenAI:
    """A configured model: the fake answers "re: <question>"."""
    settings.OPENAI_API_KEY = "sk-test"
    settings.OPENAI_BASE_URL = openai_fake.base_url
    return openai_fake
