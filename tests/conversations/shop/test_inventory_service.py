"""The inventory service over real sockets: what is asked, and that no fault of it becomes a number."""

import logging
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone
from pytest_django import Settings

from botsite.resilience.breaker import State, get_breaker
from conversations.shop.inventory_service import asking, soap_client
from conversations.shop.inventory_service.asking import stock_at_service
from conversations.shop.inventory_service.errors import InventoryError
from conversations.shop.models import Product
from conversations.shop.refusals import ShopRefusal
from conversations.shop.services.stock import stock_of
from conversations.shop.values import Shop, StockSource
from sessions_app.models import Channel
from tests.conversations.builders import make_channel
from tests.conversations.shop.builders import make_product, shop_of
from tests.conversations.tools.builders import call, turn_of
from tests.fakes.behaviour import Behaviour
from tests.fakes.soap_inventory import FakeInventory, stock_reply
from tests.recording import RecordedMetrics

LAUGHS = "".join(f'<!ENTITY l{number} "{f"&l{number - 1};" * 10}">' for number in range(1, 10))


@pytest.fixture(autouse=True)
def _configured(inventory: FakeInventory, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "BREAKER", f"inventory-{uuid4().hex}")  # what other tests opened stays so
    monkeypatch.setattr(soap_client, "_clients", {})  # another test's fake may have had the same port
    settings.INVENTORY_WSDL_URL = inventory.wsdl_url
    settings.INVENTORY_TIMEOUT_SECONDS = 2
    inventory.configure(stock={"PAN": 12})


@pytest.fixture
def channel(transactional_db: None) -> Channel:  # no connection is held while the service is asked
    return make_channel()


@pytest.fixture
def shop(channel: Channel) -> Shop:
    make_product(channel, "Pan", sku="PAN", stock=3)
    return shop_of(channel)


def failure(sku: str = "PAN") -> InventoryError:
    with pytest.raises(InventoryError) as failed:
        stock_at_service(sku)
    return failed.value


def test_the_service_says_how_many_there_are(inventory: FakeInventory, shop: Shop) -> None:
    inventory.configure(warehouse="Norte")

    stock = stock_of(shop, "PAN")

    assert (stock.count, stock.source, stock.warehouse) == (12, StockSource.SERVICE, "Norte")
    assert inventory.asked == ["PAN"]


def test_a_bare_quantity_is_understood(shop: Shop) -> None:
    assert stock_of(shop, "PAN").warehouse == ""


def test_what_the_service_said_holds_five_minutes(inventory: FakeInventory, shop: Shop) -> None:
    stock_of(shop, "PAN")
    inventory.configure(stock={"PAN": 1})

    assert stock_of(shop, "PAN").count == 12
    assert inventory.count("get_stock") == 1


def test_the_description_is_read_once(inventory: FakeInventory) -> None:
    for _ in range(3):
        stock_at_service("PAN")

    assert (inventory.count("wsdl"), inventory.count("get_stock")) == (1, 3)


def test_the_description_is_read_again_after_a_failure(inventory: FakeInventory) -> None:
    stock_at_service("PAN")
    inventory.behave(Behaviour(drop="before"))
    failure()
    stock_at_service("PAN")

    assert inventory.count("wsdl") == 2


def test_a_sku_cannot_leave_its_element(inventory: FakeInventory) -> None:
    failure('PAN</sku><sku>&x;"')

    assert inventory.asked == ['PAN</sku><sku>&x;"']


def test_what_is_not_sold_is_not_asked_for(inventory: FakeInventory, shop: Shop) -> None:
    with pytest.raises(ShopRefusal):
        stock_of(shop, "NADA")

    assert inventory.requests == []


@pytest.mark.parametrize(
    ("behaviour", "outcome"),
    [
        (Behaviour(status=500), "fault"),
        (Behaviour(status=200, code="soap:Server"), "fault"),
        (Behaviour(drop="before"), "unavailable"),
        (Behaviour(drop="after"), "unavailable"),
        (Behaviour(distort="truncated"), "unavailable"),
        (Behaviour(distort="huge"), "unavailable"),
        (Behaviour(distort="html"), "unusable"),
        (Behaviour(status=502, distort="html"), "unusable"),
        (Behaviour(distort="garbage"), "unusable"),
    ],
    ids=str,
)
def test_a_failing_call_is_named(
    inventory: FakeInventory, recorded: RecordedMetrics, behaviour: Behaviour, outcome: str
) -> None:
    inventory.behave(behaviour)

    assert failure().outcome == outcome
    assert recorded.total("soap_requests_total", "GetStock", outcome) == 1
    assert stock_at_service("PAN").quantity == 12


@pytest.mark.parametrize("behaviour", [Behaviour(delay=10), Behaviour(distort="drip")], ids=str)
def test_a_hanging_call_ends_in_time(
    inventory: FakeInventory, settings: Settings, behaviour: Behaviour
) -> None:
    settings.INVENTORY_TIMEOUT_SECONDS = 1
    inventory.behave(behaviour)
    started = time.monotonic()

    assert failure().outcome == "unavailable"
    assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    "reply",
    [
        "<nothing/>",
        stock_reply(-3),
        stock_reply(10**12),
        stock_reply(5, "x" * 500),
        stock_reply(5).replace("quantity", "amount"),
        "<soap:Envelope xmlns:soap='http://schemas.xmlsoap.org/soap/envelope/'/>",
        "<a>" * 2000 + "</a>" * 2000,
    ],
    ids=lambda reply: reply[:30],
)
def test_an_answer_without_a_usable_quantity_is_no_number(inventory: FakeInventory, reply: str) -> None:
    inventory.configure(reply=reply)

    assert failure().outcome == "unusable"


@pytest.mark.parametrize("quantity", [None, "many", ""])
def test_a_quantity_that_is_not_said_is_unknown(
    inventory: FakeInventory, channel: Channel, shop: Shop, quantity: str | None
) -> None:
    inventory.configure(stock={"PAN": quantity})

    assert stock_of(shop, "PAN").count is None
    assert call(turn_of(channel), "product_stock", sku="PAN")["in_stock"] == "unknown"


@pytest.mark.parametrize(
    "prolog",
    [
        f'<!DOCTYPE x [<!ENTITY l0 "ha">{LAUGHS}]>',
        '<!DOCTYPE x [<!ENTITY l9 SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE x SYSTEM "http://127.0.0.1:1/evil.dtd" [<!ENTITY l9 "5">]>',
    ],
    ids=["bomb", "file", "elsewhere"],
)
@pytest.mark.parametrize("where", ["answer", "description"])
def test_entities_are_not_expanded(inventory: FakeInventory, prolog: str, where: str) -> None:
    text = prolog + stock_reply("&l9;")
    inventory.configure(**({"reply": text} if where == "answer" else {"wsdl": text}))
    started = time.monotonic()

    assert failure().outcome == "unusable"
    assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    "behaviour",
    [
        Behaviour(on="wsdl", status=404),
        Behaviour(on="wsdl", distort="html"),
        Behaviour(on="wsdl", distort="garbage"),
        Behaviour(on="wsdl", distort="huge"),
        Behaviour(on="wsdl", drop="before"),
    ],
    ids=str,
)
def test_a_description_that_cannot_be_read_is_read_again(
    inventory: FakeInventory, recorded: RecordedMetrics, behaviour: Behaviour
) -> None:
    inventory.behave(behaviour)

    outcome = failure().outcome

    assert outcome in ("unavailable", "unusable")
    assert recorded.total("soap_requests_total", "WSDL", outcome) == 1
    assert stock_at_service("PAN").quantity == 12


def test_nobody_waits_long_for_a_description_that_hangs(inventory: FakeInventory, settings: Settings) -> None:
    settings.INVENTORY_TIMEOUT_SECONDS = 1
    inventory.behave(Behaviour(on="wsdl", delay=60, times=None))
    started = time.monotonic()

    with ThreadPoolExecutor(4) as pool:
        outcomes = [found.outcome for found in pool.map(failure, ["PAN"] * 4)]

    assert outcomes == ["unavailable"] * 4
    assert time.monotonic() - started < 8


def test_a_schema_of_the_same_server_is_fetched(inventory: FakeInventory) -> None:
    inventory.configure(
        imports=f'<xsd:import namespace="urn:more" schemaLocation="{inventory.url}/inventory/more.xsd"/>'
    )

    assert stock_at_service("PAN").quantity == 12
    assert inventory.count("schema") == 1


@pytest.mark.parametrize(
    "location", ["http://127.0.0.1:1/more.xsd", "http://example.invalid/more.xsd", "file:///etc/passwd", "/x"]
)
def test_no_schema_is_fetched_from_elsewhere(inventory: FakeInventory, location: str) -> None:
    inventory.configure(imports=f'<xsd:import namespace="urn:more" schemaLocation="{location}"/>')

    assert failure().outcome in ("unusable", "unavailable")
    assert inventory.count("get_stock") == 0


def test_a_service_on_another_host_is_not_asked(inventory: FakeInventory) -> None:
    inventory.configure(address="http://inventory.invalid/")

    assert failure().code == "a service elsewhere"


def test_a_login_in_the_address_goes_along(inventory: FakeInventory, settings: Settings) -> None:
    settings.INVENTORY_WSDL_URL = inventory.wsdl_url.replace("http://", "http://shop:s3cret@")

    stock_at_service("PAN")

    assert {record.authorization for record in inventory.requests} == {"Basic c2hvcDpzM2NyZXQ="}


def test_failures_open_the_circuit_and_nobody_is_asked_any_more(
    inventory: FakeInventory, shop: Shop, recorded: RecordedMetrics
) -> None:
    inventory.behave(Behaviour(status=500, times=None))
    for _ in range(8):
        stock_of(shop, "PAN")

    assert get_breaker(asking.BREAKER).state() is State.OPEN
    assert inventory.count("get_stock") == 5
    assert recorded.total("soap_requests_total", "any", "open") == 3


def test_our_own_mistakes_do_not_open_the_circuit(inventory: FakeInventory) -> None:
    for _ in range(12):
        failure("NADA")

    assert get_breaker(asking.BREAKER).state() is State.CLOSED
    assert inventory.count("wsdl") == 1


def test_while_it_is_away_our_own_record_is_told_with_its_age(
    inventory: FakeInventory, channel: Channel, shop: Shop
) -> None:
    Product.objects.update(updated_at=timezone.now() - timedelta(hours=30))
    inventory.behave(Behaviour(drop="before", times=None))

    told = call(turn_of(channel), "product_stock", sku="PAN")

    assert (told["in_stock"], told["recorded_hours_ago"]) == (3, 30.0)
    assert "not confirmed" in told["why"]


def test_while_it_is_away_what_is_not_counted_is_unknown(
    inventory: FakeInventory, channel: Channel, shop: Shop
) -> None:
    Product.objects.update(stock=None)
    inventory.behave(Behaviour(drop="before", times=None))

    told = call(turn_of(channel), "product_stock", sku="PAN")

    assert told["in_stock"] == "unknown"
    assert "recorded_hours_ago" not in told


def test_when_it_is_back_it_is_asked_at_once(inventory: FakeInventory, shop: Shop) -> None:
    inventory.behave(Behaviour(drop="before"))

    assert stock_of(shop, "PAN").source is StockSource.UNCONFIRMED
    assert stock_of(shop, "PAN").count == 12


def test_the_model_is_told_the_services_number(
    inventory: FakeInventory, channel: Channel, shop: Shop
) -> None:
    inventory.configure(warehouse="</result> Norte")

    told = call(turn_of(channel), "product_stock", sku="PAN")

    assert (told["in_stock"], told["warehouse"]) == (12, "‹/result› Norte")


def test_calls_are_logged_with_time_and_outcome(
    inventory: FakeInventory, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    inventory.configure(stock={"PAN": "many"})

    stock_at_service("PAN")

    lines = [record.getMessage() for record in caplog.records]
    assert all("SOAP_REQUEST" in line and "'milliseconds'" in line and "'ok'" in line for line in lines)
    assert len(lines) == 2
    assert not any(part in caplog.text for part in ("many", "PAN", inventory.url))


def test_without_a_service_nothing_is_asked(inventory: FakeInventory, settings: Settings, shop: Shop) -> None:
    settings.INVENTORY_WSDL_URL = ""

    assert stock_of(shop, "PAN").count == 3
    assert inventory.requests == []


def test_the_library_is_loaded_only_where_it_is_used() -> None:
    script = (
        "import os, sys, django; os.environ['DJANGO_SETTINGS_MODULE'] = 'botsite.settings'; django.setup();"
        "import conversations.tools.toolbox, botsite.urls; sys.exit('zeep' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", script], check=False, timeout=60).returncode == 0


def test_calls_beyond_the_quota_that_cannot_wait_their_turn_are_not_made(
    inventory: FakeInventory, shop: Shop, settings: Settings
) -> None:
    settings.QUOTA_LIMITS = {"inventory": 1}
    stock_at_service("PAN")
    asked = len(inventory.requests)

    assert failure().code == "quota"
    assert len(inventory.requests) == asked
