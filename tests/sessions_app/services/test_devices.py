"""Events of sessions: what counts, what repeats, what comes too late, and what it costs."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from botsite import caching
from sessions_app.models import Channel, Device, Forward, QrCode
from sessions_app.providers.base import DeviceEvent
from tests.recording import RecordedMetrics
from tests.sessions_app.services.builders import apply, at, code, device, gateway, status

LARAVEL = "http://laravel.test/api"


@pytest.fixture
def channel(transactional_db: None) -> Channel:
    return gateway()


def queries(act: Callable[[], object]) -> list[str]:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        act()
    return [
        query["sql"] for query in captured if not query["sql"].startswith(("BEGIN", "COMMIT", "SAVEPOINT"))
    ]


def test_the_first_event_of_a_session_makes_it(channel: Channel) -> None:
    assert apply(channel, status("active", seconds=5)) == (1, 0)

    known = device()
    assert (known.status, known.status_at, known.version, known.owner) == ("active", at(5), 1, "")


def test_a_session_that_was_only_announced_takes_its_first_pending_as_news(channel: Channel) -> None:
    Device.objects.create(channel=channel, session_id="s1")

    assert apply(channel, status("pending")) == (1, 0)
    assert apply(channel, status("pending")) == (0, 1)


def test_an_older_status_never_overwrites_a_newer_one(channel: Channel) -> None:
    apply(channel, status("active", seconds=10))

    assert apply(channel, status("inactive", seconds=9)) == (0, 1)
    assert (device().status, device().version) == ("active", 1)


def test_of_two_at_the_same_moment_the_last_wins(channel: Channel) -> None:
    apply(channel, status("active", seconds=10))

    assert apply(channel, status("inactive", seconds=10)) == (1, 0)
    assert device().status == "inactive"


def test_a_repeat_is_no_change_but_makes_what_lies_before_it_out_of_date(channel: Channel) -> None:
    apply(channel, status("active", seconds=10))

    assert apply(channel, status("active", seconds=20)) == (0, 1)
    assert apply(channel, status("inactive", seconds=15)) == (0, 1)
    assert (device().status, device().status_at, device().version) == ("active", at(20), 1)


def test_a_clock_of_the_future_counts_as_now(channel: Channel) -> None:
    apply(channel, DeviceEvent("s1", status="active", at=timezone.now() + timedelta(days=900)))
    assert device().status_at <= timezone.now()  # type: ignore[operator]

    assert apply(channel, status("inactive")) == (1, 0)


def test_several_events_of_a_session_are_taken_in_their_order(channel: Channel) -> None:
    batch = (status("pending"), code("qr-1"), status("active"), code("qr-2"), status("active"), code("qr-2"))

    assert apply(channel, *batch) == (4, 2)
    known = device()
    assert (known.status, known.version) == ("active", 4)
    assert (known.qr_code.payload, known.qr_code.version) == ("qr-2", 4)


def test_one_event_may_bring_a_status_and_a_code(channel: Channel) -> None:
    assert apply(channel, DeviceEvent("s1", status="pending", qr="qr-1")) == (1, 0)
    assert (device().version, device().qr_code.version) == (2, 2)


def test_an_older_code_is_not_shown_again(channel: Channel) -> None:
    apply(channel, code("qr-2", seconds=20))

    assert apply(channel, code("qr-1", seconds=10)) == (0, 1)
    assert device().qr_code.payload == "qr-2"


def test_a_code_is_encrypted_and_ends_after_a_minute(channel: Channel) -> None:
    began = timezone.now()
    apply(channel, code("2@secret"))

    lifetime = device().qr_code.expires_at - began
    assert timedelta(seconds=60) <= lifetime < timedelta(seconds=75)
    with connection.cursor() as cursor:
        cursor.execute("SELECT payload FROM sessions_app_qrcode")
        assert "secret" not in cursor.fetchone()[0]


def test_a_repeated_code_costs_one_look_up_in_the_cache(channel: Channel) -> None:
    apply(channel, code("qr-1"))

    assert queries(lambda: apply(channel, code("qr-1"))) == []
    assert apply(channel, code("qr-1")) == (0, 1)
    assert apply(channel, code("qr-2")) == (1, 0)


def test_without_the_cache_it_costs_one_query_and_no_write(channel: Channel) -> None:
    apply(channel, code("qr-1"))
    caching.invalidate(caching.QR, channel=channel.slug, session="s1")

    (query,) = queries(lambda: apply(channel, code("qr-1")))
    assert query.strip().startswith("SELECT")


def test_a_batch_of_repeats_costs_one_query(channel: Channel) -> None:
    batch = [code(f"qr-{number}", f"s{number}") for number in range(100)]
    apply(channel, *batch)

    assert len(queries(lambda: apply(channel, *batch))) == 1


@pytest.mark.parametrize("size", [1, 10, 1000])
def test_new_sessions_take_the_same_few_statements_whatever_their_number(
    channel: Channel, settings: Settings, size: int
) -> None:
    settings.LARAVEL_API_URL = LARAVEL
    batch = [DeviceEvent(f"s{n}", status="active", qr=f"qr-{n}") for n in range(size)]

    assert len(queries(lambda: apply(channel, *batch))) <= 11
    assert QrCode.objects.count() == Device.objects.filter(version=2).count() == size
    assert Forward.objects.count() == 2 * size


def test_the_same_session_of_two_channels_is_two_sessions(channel: Channel) -> None:
    other = gateway("other")
    apply(channel, status("active"), code("mine"))
    apply(other, status("inactive"))

    assert {known.channel.slug: known.status for known in Device.objects.all()} == {
        "baileys": "active",
        "other": "inactive",
    }
    assert apply(other, code("mine")) == (1, 0)


def test_nothing_is_kept_for_laravel_where_there_is_none(channel: Channel) -> None:
    apply(channel, status("active"), code("qr"))

    assert not Forward.objects.exists()


def test_each_change_is_noted_for_laravel_with_its_time(channel: Channel, settings: Settings) -> None:
    settings.LARAVEL_API_URL = LARAVEL
    before = timezone.now()
    apply(
        channel,
        status("inactive"),
        code("qr", "s2"),
        status("active", "s3", urgent=True),
        status("active", "s4"),
    )

    rows = {(row.device.session_id, row.kind): row for row in Forward.objects.select_related("device")}
    assert {key: (row.priority, row.version, row.state) for key, row in rows.items()} == {
        ("s1", "status"): ("high", 1, "pending"),
        ("s2", "qr"): ("normal", 1, "pending"),
        ("s3", "status"): ("high", 1, "pending"),
        ("s4", "status"): ("normal", 1, "pending"),
    }
    high, normal = (rows["s1", "status"].due_at - before, rows["s4", "status"].due_at - before)
    assert timedelta(seconds=0.5) <= high < normal
    assert normal >= timedelta(seconds=5)


def test_repeats_are_not_told_again(channel: Channel, settings: Settings) -> None:
    settings.LARAVEL_API_URL = LARAVEL
    apply(channel, status("active"))
    Forward.objects.update(state="delivered", sent_version=1)

    apply(channel, status("active"))

    assert Forward.objects.get().state == "delivered"


def test_what_waits_is_replaced_and_never_put_off(channel: Channel, settings: Settings) -> None:
    settings.LARAVEL_API_URL = LARAVEL
    apply(channel, status("inactive"))
    due_at = Forward.objects.get().due_at

    apply(channel, status("active"))

    row = Forward.objects.get()
    assert (row.version, row.priority, row.due_at) == (2, "high", due_at)


@pytest.mark.parametrize(
    ("state", "after"), [("sending", "sending"), ("parked", "pending"), ("delivered", "pending")]
)
def test_a_row_on_its_way_stays_so_and_a_settled_one_waits_again(
    channel: Channel, settings: Settings, state: str, after: str
) -> None:
    settings.LARAVEL_API_URL = LARAVEL
    apply(channel, status("active"))
    Forward.objects.update(state=state, attempts=3, error="refused", priority="high")

    apply(channel, status("pending"))

    row = Forward.objects.get()
    assert (row.version, row.state, row.priority) == (2, after, "normal")
    assert (row.attempts, row.error) == ((3, "refused") if state == "sending" else (0, ""))


@pytest.mark.parametrize(
    "odd",
    [
        status("active", "x" * 129),
        status("x" * 41),
        status("active", ""),
        status("active", "a\0b"),
        status("a\0"),
    ],
)
def test_what_cannot_be_stored_harms_no_other(channel: Channel, odd: DeviceEvent) -> None:
    assert apply(channel, odd) == (0, 0)
    assert apply(channel, status("active", "good"), odd) == (1, 0)
    assert [known.session_id for known in Device.objects.all()] == ["good"]


def test_no_events_are_no_work(channel: Channel) -> None:
    assert queries(lambda: apply(channel)) == []


def test_what_was_taken_in_is_counted(channel: Channel, recorded: RecordedMetrics) -> None:
    apply(channel, status("active"), status("active"), status("active", "s2"))
    apply(channel, code("qr"))
    apply(channel, code("qr"))

    assert recorded.total("device_events_total", "baileys", "accepted") == 3
    assert recorded.total("device_events_total", "baileys", "duplicate") == 2
