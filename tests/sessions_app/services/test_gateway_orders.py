"""Orders to gateways: carried out once, told how they ended, and never lost."""

from datetime import timedelta

import pytest
from django.utils import timezone

from sessions_app.models import Channel, Device, Order
from sessions_app.services.gateway_orders import order_carry_out, order_give, orders_look_after
from sessions_app.services.starting import device_start
from tests.sessions_app.gateway import FakeGateway


def reread(device: Device) -> Device:
    return Device.objects.select_related("qr_code").get(pk=device.pk)


def test_a_start_brings_the_code_that_the_gateway_answers_with(channel: Channel, asked: FakeGateway) -> None:
    asked.state, asked.qr = "pending", "2@abc"
    device = device_start(channel, owner="1")

    assert order_carry_out(device.pk)

    known = reread(device)
    assert (asked.calls, asked.owners) == ([("start_session", device.session_id)], ["1"])
    assert (known.order_state, known.order_error, known.qr_code.payload) == ("done", "", "2@abc")


def test_an_order_is_carried_out_once(channel: Channel, asked: FakeGateway) -> None:
    device = device_start(channel, owner="1")

    assert [order_carry_out(device.pk) for _ in range(3)] == [True, False, False]
    assert len(asked.calls) == 1


@pytest.mark.parametrize(
    ("order", "call"), [(Order.RESTART, "restart_session"), (Order.LOG_OUT, "log_out_session")]
)
def test_each_order_is_its_own_call(channel: Channel, asked: FakeGateway, order: Order, call: str) -> None:
    device = Device.objects.create(channel=channel, session_id="s1")
    order_give(device, order)

    order_carry_out(device.pk)

    assert asked.calls == [(call, "s1")]


def test_a_refusal_is_told(channel: Channel, asked: FakeGateway) -> None:
    asked.fails = True
    device = device_start(channel, owner="1")

    order_carry_out(device.pk)

    assert (reread_state(device)) == ("failed", "no_answer: the gateway is away")


def reread_state(device: Device) -> tuple[str, str]:
    known = Device.objects.get(pk=device.pk)
    return known.order_state, known.order_error


def test_a_session_of_a_gateway_that_cannot_be_asked_is_only_registered(channel: Channel) -> None:
    device = device_start(channel, owner="1")
    order_carry_out(device.pk)
    assert reread_state(device) == ("done", "")

    order_give(device, Order.LOG_OUT)
    order_carry_out(device.pk)
    assert reread_state(device) == (
        "failed",
        "not_offered: a gateway of this kind can only be asked to start a session",
    )


def test_an_order_whose_hint_was_lost_is_found(channel: Channel, asked: FakeGateway) -> None:
    device = device_start(channel, owner="1")
    assert orders_look_after() == {"carriedOut": 0}  # the hint still has its time

    Device.objects.update(ordered_at=timezone.now() - timedelta(seconds=31))

    assert orders_look_after() == {"carriedOut": 1}
    assert reread_state(device) == ("done", "")


def test_an_order_that_died_with_its_worker_is_given_again(channel: Channel, asked: FakeGateway) -> None:
    device = device_start(channel, owner="1")
    Device.objects.update(order_state="running", ordered_at=timezone.now() - timedelta(seconds=90))
    assert orders_look_after() == {"carriedOut": 0}

    Device.objects.update(ordered_at=timezone.now() - timedelta(seconds=121))

    assert orders_look_after() == {"carriedOut": 1}
    assert reread_state(device) == ("done", "")


def test_who_starts_again_after_a_refusal_has_the_gateway_asked_again(
    channel: Channel, asked: FakeGateway
) -> None:
    asked.fails = True
    device = device_start(channel, owner="1")
    order_carry_out(device.pk)
    asked.fails = False

    assert device_start(channel, owner="1") == device
    assert order_carry_out(device.pk)
    assert device_start(channel, owner="1") == device
    assert not order_carry_out(device.pk)  # it went well: nothing more to ask
    assert reread_state(device) == ("done", "")
