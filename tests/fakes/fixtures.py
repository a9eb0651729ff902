"""The fake servers as pytest fixtures; list this module in `pytest_plugins`."""

import sys
from collections.abc import Iterator

import pytest

from tests.fakes.evolution import FakeEvolution
from tests.fakes.graph import FakeGraph
from tests.fakes.laravel import FakeLaravel
from tests.fakes.openai_compatible import FakeOpenAI
from tests.fakes.soap_inventory import FakeInventory
from tests.fakes.waha import FakeWaha
from tests.fakes.whapi import FakeWhapi


@pytest.fixture
def graph() -> Iterator[FakeGraph]:
    """Meta's Graph API on a loopback port; a channel's base URL is `graph.url`."""
    with FakeGraph() as server:
        yield server


@pytest.fixture
def openai_fake() -> Iterator[FakeOpenAI]:
    """An OpenAI-compatible API on a loopback port; a client's base URL is `openai_fake.base_url`."""
    with FakeOpenAI() as server:
        yield server
    _close_clients_of(server.base_url)


def _close_clients_of(base_url: str) -> None:
    """Close the SDK's clients that the test had made, which would live as long as the process."""
    if client_module := sys.modules.get("conversations.llm.openai_client"):  # whoever loads it waits
        clients = client_module._clients
        for key in [key for key in clients if base_url in key]:
            clients.pop(key).close()


@pytest.fixture
def inventory() -> Iterator[FakeInventory]:
    """An inventory service on a loopback port; INVENTORY_WSDL_URL is `inventory.wsdl_url`."""
    with FakeInventory() as server:
        yield server


@pytest.fixture
def whapi() -> Iterator[FakeWhapi]:
    """Whapi's gateway on a loopback port; a channel's base URL is `whapi.url`."""
    with FakeWhapi() as server:
        yield server


@pytest.fixture
def laravel() -> Iterator[FakeLaravel]:
    """The Laravel that is told of sessions, on a loopback port; LARAVEL_API_URL is `laravel.api_url`."""
    with FakeLaravel() as server:
        yield server


@pytest.fixture
def evolution() -> Iterator[FakeEvolution]:
    """An Evolution server on a loopback port; a channel's base URL is `evolution.url`."""
    with FakeEvolution() as server:
        yield server


@pytest.fixture
def waha() -> Iterator[FakeWaha]:
    """A WAHA server on a loopback port; a channel's base URL is `waha.url`."""
    with FakeWaha() as server:
        yield server
