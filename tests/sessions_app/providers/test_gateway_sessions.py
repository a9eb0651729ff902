"""Asking gateways for sessions: start, QR code, restart, log-out, state."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from sessions_app.providers.base import Account, DeviceEvent
from sessions_app.providers.errors import (
    ConfigurationError,
    PermanentError,
    ProviderError,
    RetryableError,
)
from sessions_app.providers.gateway_registry import GATEWAYS, get_gateway
from sessions_app.providers.gateways import SessionGateway
from tests.fakes.base import FakeRequest, FakeServer
from tests.fakes.behaviour import Behaviour, Reply, json_reply
from tests.fakes.evolution import FakeEvolution
from tests.fakes.waha import PICTURE, FakeWaha

EVOLUTION, WAHA, OWN = GATEWAYS["evolution"], GATEWAYS["waha"], GATEWAYS["gateway"]
METHODS = ("start_session", "fetch_qr", "restart_session", "log_out_session", "session_state")
PENDING_WITH_CODE = DeviceEvent("new", status="pending", qr="2@new")
each_gateway = pytest.mark.parametrize("kind", ["evolution", "waha"])


def account(kind: str, url: str) -> Account:
    return Account(slug="shop", kind=kind, base_url=url, access_token="key")


@pytest.fixture
def servers(evolution: FakeEvolution, waha: FakeWaha) -> dict[str, FakeServer[Any]]:
    return {"evolution": evolution, "waha": waha}


def call(gateway: SessionGateway, method: str, channel: Account) -> DeviceEvent | None:
    event: DeviceEvent | None = getattr(gateway, method)(channel, "shop")
    return event


def test_only_channels_with_sessions_have_a_gateway() -> None:
    assert get_gateway("evolution") is EVOLUTION
    assert get_gateway("cloud_api") is None


def test_evolution_makes_an_instance_and_tells_its_code(evolution: FakeEvolution) -> None:
    event = EVOLUTION.start_session(account("evolution", evolution.url), "new")

    assert event == PENDING_WITH_CODE
    (made,) = evolution.requests
    assert made.body == {"instanceName": "new", "qrcode": True, "integration": "WHATSAPP-BAILEYS"}


def test_an_instance_that_exists_is_connected_instead(evolution: FakeEvolution) -> None:
    evolution.set_state("new", "close")

    assert EVOLUTION.start_session(account("evolution", evolution.url), "new") == PENDING_WITH_CODE
    assert evolution.asked() == ["create", "connect"]


def test_an_instance_that_is_linked_already_says_so(evolution: FakeEvolution) -> None:
    event = EVOLUTION.start_session(account("evolution", evolution.url), "shop")

    assert event == DeviceEvent("shop", status="active")


def test_a_wrong_key_is_told_by_the_second_call(evolution: FakeEvolution) -> None:
    evolution.configure(key="other")

    with pytest.raises(ConfigurationError, match="Unauthorized"):
        EVOLUTION.start_session(account("evolution", evolution.url), "shop")


def test_the_states_of_an_instance(evolution: FakeEvolution) -> None:
    channel = account("evolution", evolution.url)

    assert EVOLUTION.session_state(channel, "shop") == DeviceEvent("shop", status="active")
    assert EVOLUTION.restart_session(channel, "shop") == DeviceEvent("shop", status="pending")
    closed = DeviceEvent("shop", status="inactive", is_urgent=True)
    assert EVOLUTION.log_out_session(channel, "shop") == closed
    assert EVOLUTION.session_state(channel, "shop") == closed
    assert EVOLUTION.fetch_qr(channel, "shop") == DeviceEvent("shop", status="pending", qr="2@shop")


def test_waha_starts_a_session_and_makes_one_that_is_missing(waha: FakeWaha) -> None:
    channel = account("waha", waha.url)

    started = WAHA.start_session(channel, "shop")
    assert started == DeviceEvent("shop", status="pending", code_waits=True)
    assert WAHA.start_session(channel, "new") == DeviceEvent("new", status="pending")
    assert waha.asked() == ["start", "start", "create"]
    assert waha.requests[-1].body == {"name": "new", "start": True}


def test_the_code_of_a_session_is_a_picture_and_without_one_there_is_its_status(waha: FakeWaha) -> None:
    channel = account("waha", waha.url)
    waha.set_status("shop", "SCAN_QR_CODE")

    code = WAHA.fetch_qr(channel, "shop")
    waha.set_status("shop", "WORKING")

    assert code == DeviceEvent("shop", status="pending", qr="data:image/png;base64," + PICTURE)
    assert WAHA.fetch_qr(channel, "shop") == DeviceEvent("shop", status="active")


def test_the_states_of_a_session(waha: FakeWaha) -> None:
    channel = account("waha", waha.url)

    assert WAHA.session_state(channel, "shop") == DeviceEvent("shop", status="active")
    assert WAHA.restart_session(channel, "shop") == DeviceEvent("shop", status="pending")
    assert WAHA.log_out_session(channel, "shop") == DeviceEvent("shop", status="inactive", is_urgent=True)


@each_gateway
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("failure", "error"),
    [
        (Behaviour(status=500, times=None), RetryableError),
        (Behaviour(status=401, times=None), ConfigurationError),
        (Behaviour(drop="after", times=None), RetryableError),
        (Behaviour(distort="garbage", times=None), RetryableError),
    ],
    ids=["500", "401", "dropped", "garbage"],
)
def test_each_failure_says_whether_to_try_again(
    kind: str,
    method: str,
    failure: Behaviour,
    error: type[ProviderError],
    servers: dict[str, FakeServer[Any]],
) -> None:
    server = servers[kind]
    for operation in server.operations:
        server.behave(replace(failure, on=operation))

    with pytest.raises(error):
        call(GATEWAYS[kind], method, account(kind, server.url))


@each_gateway
@pytest.mark.parametrize("method", METHODS)
def test_a_channel_without_address_or_key_asks_nobody(kind: str, method: str) -> None:
    for channel in (account(kind, ""), replace(account(kind, "http://127.0.0.1:1"), access_token="")):
        with pytest.raises(ConfigurationError):
            call(GATEWAYS[kind], method, channel)


def test_a_session_that_is_unknown_is_permanent(waha: FakeWaha, evolution: FakeEvolution) -> None:
    for kind, url in (("waha", waha.url), ("evolution", evolution.url)):
        with pytest.raises(PermanentError):
            GATEWAYS[kind].session_state(account(kind, url), "nobody")


def test_a_name_with_a_slash_stays_one_part_of_the_address(evolution: FakeEvolution) -> None:
    with pytest.raises(PermanentError):
        EVOLUTION.session_state(account("evolution", evolution.url), "../logout/shop")

    assert evolution.requests[0].path == "/instance/connectionState/..%2Flogout%2Fshop"


class OwnGateway(FakeServer[None]):
    """A gateway of one's own: POST /start."""

    operations = ("start",)

    def operation(self, request: FakeRequest) -> str:
        return "start" if (request.method, request.path) == ("POST", "/start") else ""

    def refuse(self, status: int, code: str | int, message: str) -> Reply:
        return json_reply(status, {"error": message})

    def accept(self, operation: str, request: FakeRequest) -> Reply:
        return json_reply(200, {"success": True})


@pytest.fixture
def own_gateway() -> Iterator[OwnGateway]:
    with OwnGateway(None) as server:
        yield server


def test_a_gateway_of_ones_own_is_told_whose_session_to_start(own_gateway: OwnGateway) -> None:
    channel = account("gateway", own_gateway.url)

    assert OWN.start_session(channel, "s-1", owner_id="42") is None

    (told,) = own_gateway.requests
    assert (told.body, told.authorization) == ({"user_id": "42", "sessionId": "s-1"}, "Bearer key")


def test_a_gateway_of_ones_own_that_refuses_says_so(own_gateway: OwnGateway) -> None:
    own_gateway.behave(Behaviour(status=500, message="busy"))

    with pytest.raises(RetryableError, match="busy"):
        OWN.start_session(account("gateway", own_gateway.url), "s-1", owner_id="42")


def test_a_gateway_without_address_only_reports() -> None:
    channel = account("gateway", "")

    assert OWN.start_session(channel, "s-1", owner_id="42") is None
    assert OWN.fetch_qr(channel, "s-1") is None
    assert OWN.session_state(channel, "s-1") is None
    for method in ("restart_session", "log_out_session"):
        with pytest.raises(PermanentError):
            call(OWN, method, channel)
