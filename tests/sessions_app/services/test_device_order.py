"""Many writers at once: the newest by the clock is what remains, and versions are never shared."""

import random
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from pytest_django import Settings

from sessions_app.models import Device, Forward
from sessions_app.providers.base import DeviceEvent
from sessions_app.services.devices import events_apply
from tests.sessions_app.services.builders import at, gateway

SESSIONS, WRITERS, MOMENTS = 20, 8, 12


def test_eight_writers_with_shuffled_clocks_leave_the_newest(
    transactional_db: None, settings: Settings
) -> None:
    settings.LARAVEL_API_URL = "http://laravel.test/api"
    channel = gateway()
    dice = random.Random(7)
    events = [
        DeviceEvent(f"s{session}", status=f"at-{moment}", qr=f"qr-{session}-{moment}", at=at(moment))
        for session in range(SESSIONS)
        for moment in range(MOMENTS)
    ]
    dice.shuffle(events)
    batches = [events[start : start + 15] for start in range(0, len(events), 15)]

    def write(batch: list[DeviceEvent]) -> int:
        try:
            return events_apply(channel, batch).accepted
        finally:
            connection.close()

    with ThreadPoolExecutor(WRITERS) as pool:
        accepted = sum(pool.map(write, batches))

    newest = MOMENTS - 1
    known = list(Device.objects.select_related("qr_code"))
    assert {device.status for device in known} == {f"at-{newest}"}
    assert {device.qr_code.payload for device in known} == {f"qr-{n}-{newest}" for n in range(SESSIONS)}
    # Each accepted event of a status and a code takes two versions; none was allotted twice.
    assert sum(device.version for device in known) == 2 * accepted
    told = {(row.device_id, row.kind): row.version for row in Forward.objects.all()}
    for device in known:
        assert max(told[device.pk, "status"], told[device.pk, "qr"]) == device.version


@pytest.mark.parametrize("repetition", range(3))
def test_batches_that_name_sessions_in_opposite_orders_wait_in_no_ring(
    transactional_db: None, repetition: int
) -> None:
    channel = gateway()
    names = [f"s{number}" for number in range(60)]

    def write(number: int) -> int:
        order = names if number % 2 else names[::-1]
        try:
            return events_apply(
                channel, [DeviceEvent(name, status=f"by-{number}") for name in order]
            ).accepted
        finally:
            connection.close()

    with ThreadPoolExecutor(WRITERS) as pool:
        accepted = sum(pool.map(write, range(WRITERS)))

    assert sum(Device.objects.values_list("version", flat=True)) == accepted
