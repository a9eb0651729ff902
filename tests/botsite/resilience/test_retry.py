"""What the database was at fault for is tried again; what it was not, or cannot be, is not."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction

from botsite.postgres.waiting import Unanswered
from botsite.resilience import retry
from botsite.resilience.retry import ATTEMPTS, database_retry
from conversations.models import Message
from conversations.services import inbox
from sessions_app.models import Channel
from tests.conversations.builders import inbound, make_channel
from tests.recording import RecordedMetrics

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "FIRST_PAUSE_SECONDS", 0.001)


@pytest.fixture
def killer() -> Iterator[Callable[[], None]]:
    """Ends the server's side of the test's connection, as an administrator does."""
    other = connection.copy()

    def kill() -> None:
        connection.ensure_connection()
        pid = connection.connection.info.backend_pid
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])

    yield kill
    other.close()


class Unit:
    """Work that fails by `failing` for the first `times` runs."""

    def __init__(self, failing: Callable[[], Any], times: int = 1) -> None:
        self.runs = 0
        self._failing, self._times = failing, times

    def __call__(self) -> int:
        self.runs += 1
        if self.runs <= self._times:
            self._failing()
        with connection.cursor() as cursor:
            cursor.execute("SELECT 7")
            return int(cursor.fetchone()[0])


def raising(sqlstate: str) -> Callable[[], None]:
    def fail() -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"DO $$ BEGIN RAISE SQLSTATE '{sqlstate}'; END $$")

    return fail


def test_a_lost_connection_is_made_anew(killer: Callable[[], None], recorded: RecordedMetrics) -> None:
    unit = Unit(killer)

    assert database_retry("read")(unit)() == 7
    assert unit.runs == 2
    assert recorded.total("db_retries_total", "read") == 1


@pytest.mark.parametrize("sqlstate", ["40001", "40P01"])
def test_serialisation_failures_and_deadlocks_are_tried_again(sqlstate: str) -> None:
    unit = Unit(raising(sqlstate), times=2)

    assert database_retry("read")(unit)() == 7
    assert unit.runs == 3


def test_attempts_are_finite() -> None:
    unit = Unit(raising("40001"), times=99)

    with pytest.raises(OperationalError):
        database_retry("read")(unit)()
    assert unit.runs == ATTEMPTS


def test_a_timeout_is_not_tried_again() -> None:
    unit = Unit(raising("57014"))

    with pytest.raises(OperationalError):
        database_retry("read")(unit)()
    assert unit.runs == 1


def test_silence_is_not_tried_again() -> None:
    def silent() -> None:
        raise OperationalError("silent") from Unanswered("silent")

    unit = Unit(silent)
    with pytest.raises(OperationalError):
        database_retry("read")(unit)()
    assert unit.runs == 1


def test_mistakes_in_the_data_are_not_tried_again() -> None:
    unit = Unit(raising("23505"))

    with pytest.raises(IntegrityError):
        database_retry("read")(unit)()
    assert unit.runs == 1


def test_within_a_transaction_its_owner_decides() -> None:
    unit = Unit(raising("40001"))

    with pytest.raises(OperationalError), transaction.atomic():
        database_retry("read")(unit)()
    assert unit.runs == 1


def test_a_webhook_whose_connection_was_ended_is_stored_once(killer: Callable[[], None]) -> None:
    channel: Channel = make_channel()
    inbox.receive(channel, [inbound("antes")])
    killer()

    receipt = inbox.receive(channel, [inbound("hola")])

    assert receipt.accepted == 1
    assert list(Message.objects.order_by("pk").values_list("text", flat=True)) == ["antes", "hola"]
