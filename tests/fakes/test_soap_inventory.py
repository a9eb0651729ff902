"""The fake inventory service by itself: what it serves, and how it is told to fail."""

from collections.abc import Iterator

import pytest
from lxml import etree

from botsite.resilience.http import HttpClient, HttpReply, OutcomeUnknown
from tests.fakes.behaviour import Behaviour
from tests.fakes.soap_inventory import FakeInventory


@pytest.fixture
def http() -> Iterator[HttpClient]:
    client = HttpClient()
    yield client
    client.close()


def ask(http: HttpClient, inventory: FakeInventory, sku: str = "PAN") -> HttpReply:
    """Post the SKU alone: the fake looks for nothing else."""
    return http.request("POST", f"{inventory.url}/inventory", json=f"<sku>{sku}</sku>")


def test_the_description_names_the_operation_and_this_server(
    http: HttpClient, inventory: FakeInventory
) -> None:
    reply = http.request("GET", inventory.wsdl_url)

    assert etree.fromstring(reply.body).tag.endswith("definitions")
    assert b'name="GetStock"' in reply.body
    assert f'location="{inventory.url}/inventory"'.encode() in reply.body


def test_stock_is_told_and_what_is_unknown_is_a_fault(http: HttpClient, inventory: FakeInventory) -> None:
    inventory.configure(stock={"PAN": 12}, warehouse="Norte & Sur")

    known, unknown = ask(http, inventory), ask(http, inventory, "NADA")

    assert b"<quantity>12</quantity><warehouse>Norte &amp; Sur</warehouse>" in known.body
    assert (known.status, unknown.status) == (200, 500)
    assert b"soap:Client" in unknown.body
    assert inventory.asked == ["PAN", "NADA"]


def test_it_fails_as_it_is_told_to(http: HttpClient, inventory: FakeInventory) -> None:
    inventory.behave(Behaviour(status=503))
    inventory.behave(Behaviour(drop="after"))

    assert b"soap:Server" in ask(http, inventory).body
    with pytest.raises(OutcomeUnknown):
        ask(http, inventory)
    assert inventory.count("get_stock") == 2
