"""Security events: logged, stored beside the request, and read in the admin by those who may."""

from collections.abc import Iterator

import pytest
from django.test import Client
from django.utils import timezone

from botsite.telemetry.events import security_event
from botsite.telemetry.reports import report_security_event
from monitoring.models import SecurityEvent
from monitoring.services.security_events import record_security_events
from tests.processes import wait_until
from tests.staff import signed_in

PAGE = "/admin/monitoring/securityevent/"


@pytest.fixture
def recording(transactional_db: None) -> Iterator[None]:
    record_security_events()
    yield
    security_event.disconnect(dispatch_uid="security_events")


def test_an_event_is_logged_and_stored_without_a_number_or_a_key(
    recording: None, capfd: pytest.CaptureFixture[str]
) -> None:
    report_security_event("test_event", address="10.1.2.3", who="573003913251", how="Bearer abcdef123456")

    wait_until(SecurityEvent.objects.exists)
    event = SecurityEvent.objects.get()
    assert (event.operation, event.address) == ("test_event", "10.1.2.3")
    assert event.facts == {"who": "57********51", "how": "Bearer ***"}
    assert '"SECURITY_EVENT"' in capfd.readouterr().err


def test_a_wrong_key_is_stored_with_the_request_and_its_address(recording: None) -> None:
    headers = {"x-api-key": "bsk_wrongwrongwrong", "x-request-id": "asked-by-shop"}
    answer = Client().get("/api/messages", headers=headers)

    assert (answer.status_code, answer.headers["X-Request-ID"]) == (401, "asked-by-shop")
    wait_until(SecurityEvent.objects.exists)
    event = SecurityEvent.objects.get()
    assert (event.operation, event.address, event.request_id) == ("api_key", "127.0.0.1", "asked-by-shop")


def test_a_receiver_that_fails_does_not_stop_the_request(capfd: pytest.CaptureFixture[str]) -> None:
    def fails(**_kwargs: object) -> None:
        raise ValueError("3003913251")

    security_event.connect(fails)
    try:
        report_security_event("test_event")
    finally:
        security_event.disconnect(fails)
    logged = capfd.readouterr().err
    assert "SECURITY_EVENT_NOT_STORED" in logged
    assert "3003913251" not in logged


@pytest.mark.django_db
def test_the_list_is_read_by_those_who_may_and_changed_by_nobody() -> None:
    for number in range(30):
        store("lock_out" if number % 2 else "api_key")
    reader = signed_in("monitoring.view_securityevent")

    page = reader.get(PAGE, {"operation": "lock_out"})

    assert page.status_code == 200
    assert page.content.decode().count('class="field-operation') == 15
    event = SecurityEvent.objects.first()
    assert event is not None
    assert "how-often" in reader.get(f"{PAGE}{event.pk}/change/").content.decode()
    assert reader.get(f"{PAGE}add/").status_code == 403
    assert reader.post(f"{PAGE}{event.pk}/delete/").status_code == 403
    assert signed_in("auth.view_user", name="other").get(PAGE).status_code == 403


def store(operation: str) -> None:
    SecurityEvent.objects.create(at=timezone.now(), operation=operation, facts={"how-often": "30"})
