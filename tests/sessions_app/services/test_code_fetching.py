"""QR codes that are fetched: when a gateway says that one waits, and while somebody watches the session."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from sessions_app.models import Channel, Device, QrCode
from sessions_app.providers import gateway_registry
from sessions_app.providers.base import DeviceEvent
from sessions_app.services import code_fetching
from sessions_app.services.code_fetching import INTERVAL, code_fetch, code_wanted, codes_announced
from sessions_app.services.starting import device_start
from tests.sessions_app.gateway import FakeGateway
from tests.sessions_app.services.builders import apply, code, device, status

WAITS = replace(status("pending"), code_waits=True)


@pytest.fixture
def hinted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sessions that a worker was to fetch codes of."""
    hints: list[int] = []
    monkeypatch.setattr(code_fetching, "_hint", hints.append)
    return hints


def test_a_code_that_waits_is_fetched_each_time_that_it_is_announced(
    channel: Channel, asked: FakeGateway, hinted: list[int]
) -> None:
    for _ in range(2):
        apply(channel, WAITS)
        codes_announced(channel, [WAITS])
    codes_announced(channel, [status("active")])

    assert hinted == [device().pk] * 2


def test_what_is_fetched_is_shown(channel: Channel, asked: FakeGateway) -> None:
    apply(channel, status("pending"))
    asked.state, asked.qr = "pending", "2@fetched"

    assert code_fetch(device().pk)

    assert asked.calls == [("fetch_qr", "s1")]
    assert QrCode.objects.get().payload == "2@fetched"


def test_what_was_reported_while_the_gateway_answered_is_newer(channel: Channel, asked: FakeGateway) -> None:
    apply(channel, status("pending"))

    class Slow(FakeGateway):
        def fetch_qr(self, *args: object, **kwargs: object) -> DeviceEvent:
            apply(channel, status("active"))
            return DeviceEvent("s1", status="pending", qr="2@late")

    gateway_registry.GATEWAYS["gateway"] = Slow()  # type: ignore[index]  # the test's own table

    code_fetch(device().pk)

    assert device().status == "active"


def test_who_watches_has_it_asked_once_in_an_interval(
    channel: Channel, asked: FakeGateway, hinted: list[int]
) -> None:
    apply(channel, status("pending"))

    for _ in range(3):
        code_wanted(device())
    assert hinted == [device().pk]

    Device.objects.update(code_asked_at=timezone.now() - INTERVAL)
    code_wanted(device())
    assert len(hinted) == 2


@pytest.mark.parametrize("word", ["active", "inactive", "qr_limit"])
def test_a_session_that_waits_for_no_scan_is_left_alone(
    channel: Channel, asked: FakeGateway, hinted: list[int], word: str
) -> None:
    apply(channel, status(word))

    code_wanted(device())

    assert hinted == []


def test_a_new_code_is_not_asked_for_again_and_an_old_one_is(
    channel: Channel, asked: FakeGateway, hinted: list[int]
) -> None:
    apply(channel, status("pending"), code("2@abc"))
    QrCode.objects.update(issued_at=timezone.now())
    code_wanted(device())
    assert hinted == []

    QrCode.objects.update(issued_at=timezone.now() - timedelta(seconds=16))
    code_wanted(device())
    assert hinted == [device().pk]


def test_while_an_order_is_under_way_nothing_is_asked(
    channel: Channel, asked: FakeGateway, hinted: list[int]
) -> None:
    code_wanted(device_start(channel, owner="1"))

    assert hinted == []


def test_a_gateway_that_reports_by_itself_is_not_asked(channel: Channel, hinted: list[int]) -> None:
    apply(channel, WAITS)

    code_wanted(device())
    codes_announced(channel, [WAITS])

    assert hinted == []


def test_a_gateway_that_is_away_leaves_the_session_as_it_was(channel: Channel, asked: FakeGateway) -> None:
    apply(channel, status("pending"))
    asked.fails = True

    assert not code_fetch(device().pk)
    assert device().status == "pending"
    assert not code_fetch(0)
