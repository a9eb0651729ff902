"""Circuit breakers in the admin: seen, operated, audited, and stored when they act by themselves."""

import threading
import uuid
from collections.abc import Iterator

import pytest
from django.db import transaction
from django.test import Client
from django_redis import get_redis_connection
from pytest_django import DjangoAssertNumQueries, Settings

from botsite.resilience.breaker import Breaker, BreakerOpen, Policy, State
from botsite.resilience.breaker_shared import NAMES_KEY, circuit_force, circuits
from botsite.telemetry.events import circuit_changed
from monitoring.models import BreakerEvent
from monitoring.services.breaker_events import record_transitions
from monitoring.tasks import restore_breakers
from tests.processes import wait_until
from tests.staff import administrator, signed_in

PAGE = "/admin/monitoring/breakerevent/"


@pytest.fixture(autouse=True)
def _no_circuits() -> None:
    get_redis_connection("default").flushdb()


@pytest.fixture
def breaker(db: None) -> Breaker:
    """A circuit that is in use and closed."""
    breaker = Breaker(f"test:{uuid.uuid4().hex}", Policy(recovery_seconds=1))
    breaker.admit().succeeded()
    breaker.report_successes()  # rather than a moment later
    return breaker


@pytest.fixture
def without_redis(settings: Settings) -> None:
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"}}


def trip(breaker: Breaker) -> None:
    for _ in range(5):
        breaker.admit().failed()


def force(client: Client, name: str, to: str) -> str:
    """Press a button; returns the page that follows."""
    response = client.post(f"{PAGE}force/", {"name": name, "to": to}, follow=True)
    assert response.status_code == 200
    return response.content.decode()


def row_of(page: str, breaker: Breaker) -> str:
    """What the page tells of the circuit, on one line."""
    start = page.index(f"<strong>{breaker.name}</strong>")
    return " ".join(page[start : page.index("</li>", start)].split())


def test_the_page_tells_how_each_circuit_stands(breaker: Breaker) -> None:
    client = administrator()
    assert "badge--closed" in row_of(client.get(PAGE).content.decode(), breaker)
    trip(breaker)

    row = row_of(client.get(PAGE).content.decode(), breaker)

    assert "badge--open" in row
    assert "5 of 6 calls failed lately" in row
    assert "next try at" in row
    wait_until(lambda: breaker.state() is State.HALF_OPEN)
    row = row_of(client.get(PAGE).content.decode(), breaker)
    assert "badge--half_open" in row
    assert "next try at" not in row


def test_staff_stop_calls_and_let_them_pass_again(breaker: Breaker) -> None:
    client = administrator()

    page = force(client, breaker.name, "open")

    assert f"No calls of {breaker.name} until you let them pass." in page
    assert "opened by administrator" in row_of(page, breaker)
    wait_until(lambda: breaker.state() is State.OPEN)
    with pytest.raises(BreakerOpen):
        breaker.admit()

    page = force(client, breaker.name, "closed")

    assert f"Calls of {breaker.name} pass again." in page
    wait_until(lambda: breaker.state() is State.CLOSED)


def test_each_change_by_hand_is_audited_once(breaker: Breaker) -> None:
    client = administrator()
    trip(breaker)
    for to in ("open", "open", "closed", "closed"):
        page = force(client, breaker.name, to)
    assert "It was so already." in page

    events = BreakerEvent.objects.order_by("id").values_list("name", "now", "cause", "staff")
    assert list(events) == [
        (breaker.name, "open", "manual", "administrator"),
        (breaker.name, "closed", "manual", "administrator"),
    ]
    assert BreakerEvent.objects.latest("id").was == "open"


def test_only_a_known_circuit_can_be_operated(breaker: Breaker) -> None:
    client = administrator()

    for name, to in (("test:unknown", "open"), (breaker.name, "ajar"), ("", "open")):
        assert "There is no such circuit." in force(client, name, to)
    assert not BreakerEvent.objects.exists()


def test_who_may_only_look_has_no_buttons(breaker: Breaker) -> None:
    client = signed_in("monitoring.view_breakerevent")

    assert breaker.name in client.get(PAGE).content.decode()
    assert "/force/" not in client.get(PAGE).content.decode()
    assert client.post(f"{PAGE}force/", {"name": breaker.name, "to": "open"}).status_code == 403
    assert breaker.state() is State.CLOSED


def test_it_takes_a_post_with_a_token(breaker: Breaker) -> None:
    client = administrator()
    assert client.get(f"{PAGE}force/").status_code == 405
    client.handler.enforce_csrf_checks = True

    assert client.post(f"{PAGE}force/", {"name": breaker.name, "to": "open"}).status_code == 403


def test_strangers_see_nothing(client: Client, db: None) -> None:
    assert client.get(PAGE).status_code == 302
    assert signed_in().get(PAGE).status_code == 403


def test_without_redis_the_page_says_so_and_nothing_changes(breaker: Breaker, without_redis: None) -> None:
    client = administrator()

    assert "every process goes by what it sees itself" in client.get(PAGE).content.decode()
    assert "Redis does not answer: nothing was changed." in force(client, breaker.name, "open")
    assert not BreakerEvent.objects.exists()


def test_the_page_costs_the_same_however_many_circuits_there_are(
    breaker: Breaker, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client = administrator()
    for number in range(5):
        Breaker(f"{breaker.name}:{number}", Policy()).admit().succeeded()

    with django_assert_num_queries(4):  # the user; count, rows and filter of the list
        client.get(PAGE)


def test_what_staff_stopped_stays_stopped_after_redis_was_emptied(breaker: Breaker) -> None:
    force(administrator(), breaker.name, "open")
    _forget(breaker.name)

    assert restore_breakers() == {"restored": 1}

    fresh = Breaker(breaker.name, Policy())
    assert fresh.state() is State.OPEN
    assert restore_breakers() == {"restored": 0}


def test_a_circuit_that_is_held_open_is_not_forgotten(breaker: Breaker) -> None:
    force(administrator(), breaker.name, "open")
    get_redis_connection("default").zadd(NAMES_KEY, {breaker.name: 0})  # last used an age ago

    restore_breakers()

    assert circuits()[breaker.name].circuit.by == "administrator"


def test_a_change_without_an_audit_does_not_last(breaker: Breaker) -> None:
    circuit_force(breaker.name, by="ana")

    assert restore_breakers() == {"restored": 1}
    assert circuits()[breaker.name].circuit.is_open is False


def test_what_staff_let_pass_again_is_not_restored(breaker: Breaker) -> None:
    client = administrator()
    force(client, breaker.name, "open")
    force(client, breaker.name, "closed")

    assert restore_breakers() == {"restored": 0}


def test_what_opened_by_itself_is_left_alone(breaker: Breaker) -> None:
    client = administrator()
    force(client, breaker.name, "open")
    force(client, breaker.name, "closed")
    trip(Breaker(breaker.name, Policy()))  # which knows of that

    assert restore_breakers() == {"restored": 0}
    assert circuits()[breaker.name].circuit.is_open


def test_without_redis_nothing_is_restored_and_nothing_breaks(breaker: Breaker, without_redis: None) -> None:
    BreakerEvent.objects.create(name=breaker.name, was="closed", now="open", cause="manual", staff="ana")

    assert restore_breakers() == {"restored": 0}


def _forget(name: str) -> None:
    """Take the circuit out of Redis, as a flush would."""
    get_redis_connection("default").delete(f"botsite:breaker:{name}", f"botsite:breaker:{name}:counts")


@pytest.fixture
def recording() -> Iterator[None]:
    """Transitions are stored, as in the processes of the site."""
    record_transitions()
    yield
    wait_until(lambda: not [thread for thread in threading.enumerate() if thread.name == "breaker-event"])
    circuit_changed.disconnect(dispatch_uid="breaker_events")


@pytest.mark.django_db(transaction=True)
def test_what_breakers_do_by_themselves_is_stored(breaker: Breaker, recording: None) -> None:
    trip(breaker)
    wait_until(lambda: breaker.state() is State.HALF_OPEN)
    breaker.admit().succeeded()
    wait_until(lambda: BreakerEvent.objects.count() == 2)

    events = BreakerEvent.objects.values_list("name", "was", "now", "cause", "staff")
    assert set(events) == {
        (breaker.name, "closed", "open", "automatic", ""),
        (breaker.name, "half_open", "closed", "automatic", ""),
    }


@pytest.mark.django_db(transaction=True)
def test_it_is_stored_though_the_transaction_of_its_cause_is_undone(
    breaker: Breaker, recording: None
) -> None:
    with transaction.atomic():
        trip(breaker)
        transaction.set_rollback(True)

    wait_until(lambda: BreakerEvent.objects.filter(name=breaker.name).exists())


def test_a_database_that_refuses_it_does_not_hurt_the_caller(
    recording: None, caplog: pytest.LogCaptureFixture
) -> None:
    trip(Breaker(f"test:{uuid.uuid4().hex}", Policy()))  # this test may not use the database

    wait_until(lambda: "BREAKER_EVENT_NOT_STORED" in caplog.text)
