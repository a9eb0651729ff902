"""Log-ins that fail too often."""

import re
from datetime import timedelta
from ipaddress import ip_network
from typing import Any

import pytest
import time_machine
from axes.models import AccessAttempt
from django.conf import settings as site_settings
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from tests.staff import administrator, signed_in

pytestmark = pytest.mark.django_db
LOGIN, PASSWORD = "/admin/login/", "a long password"


@pytest.fixture(autouse=True)
def boss() -> User:
    return User.objects.create_superuser("boss", password=PASSWORD)


def attempt(password: str, *, name: str = "boss", address: str = "198.51.100.7", language: str = "en") -> Any:
    client = Client(REMOTE_ADDR=address, headers={"accept-language": language})
    return client.post(LOGIN, {"username": name, "password": password})


def fail(times: int, **values: str) -> Any:
    return [attempt("wrong", **values) for _ in range(times)][-1]


def test_the_fifth_failure_shuts_out_even_the_right_password() -> None:
    assert fail(site_settings.LOGIN_ATTEMPTS - 1).status_code == 200
    assert fail(1).status_code == 429

    answer = attempt(PASSWORD)

    assert (answer.status_code, answer["Retry-After"]) == (429, "900")
    assert "not possible from here for 15 minutes" in answer.content.decode()
    assert "sessionid" not in answer.cookies


def test_it_is_told_in_spanish_as_well() -> None:
    fail(5)

    assert attempt(PASSWORD, language="es")["Content-Language"] == "es"


@pytest.mark.parametrize("others", [{"address": "198.51.100.8"}, {"name": "agent"}])
def test_other_addresses_and_accounts_are_not_shut_out(others: dict[str, str]) -> None:
    User.objects.create_user("agent", password=PASSWORD, is_staff=True)
    fail(5)

    assert attempt(PASSWORD, **others).status_code == 302


def test_it_ends_by_itself() -> None:
    fail(5)
    with time_machine.travel(timezone.now() + timedelta(minutes=14), tick=False):
        assert attempt(PASSWORD).status_code == 429  # and does not make it longer
    with time_machine.travel(timezone.now() + timedelta(minutes=16), tick=False):
        assert attempt(PASSWORD).status_code == 302


def test_success_forgets_earlier_failures() -> None:
    for _ in range(3):
        fail(4)
        assert attempt(PASSWORD).status_code == 302


def test_an_unknown_account_answers_alike() -> None:
    known, unknown = fail(5), fail(5, name="nobody")

    assert (known.status_code, unknown.status_code) == (429, 429)
    assert without_token(known) == without_token(unknown)


def without_token(answer: Any) -> str:
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", answer.content.decode())


def test_changing_the_browser_or_a_forged_forwarding_header_does_not_help(settings: Settings) -> None:
    for number in range(5):
        Client(REMOTE_ADDR="198.51.100.7", headers={"user-agent": f"x{number}"}).post(
            LOGIN, {"username": "boss", "password": "wrong"}, headers={"x-forwarded-for": f"192.0.2.{number}"}
        )

    assert attempt(PASSWORD).status_code == 429


def test_behind_our_proxy_each_visitor_counts_alone(settings: Settings) -> None:
    settings.TRUSTED_PROXIES = [ip_network("10.0.0.0/8")]

    def through_proxy(visitor: str, password: str) -> int:
        client = Client(REMOTE_ADDR="10.0.0.1", headers={"x-forwarded-for": visitor})
        return client.post(LOGIN, {"username": "boss", "password": password}).status_code

    for _ in range(5):
        through_proxy("192.0.2.1", "wrong")

    assert through_proxy("192.0.2.1", PASSWORD) == 429
    assert through_proxy("192.0.2.2", PASSWORD) == 302


def test_the_lock_out_is_one_security_event_without_what_was_typed(caplog: pytest.LogCaptureFixture) -> None:
    fail(7, name="my secret password")

    lines = [line for line in caplog.text.splitlines() if "login_lockout" in line]
    assert len(lines) == 1
    assert "SECURITY_EVENT" in lines[0]
    assert "198.51.100.7" in lines[0]
    assert "my secret" not in lines[0]


def test_staff_unlock_in_admin_and_it_is_noted() -> None:
    fail(5)
    client = administrator()
    page = client.get("/admin/axes/accessattempt/").content.decode()
    assert "boss" in page
    chosen = {"action": "unlock", "_selected_action": [AccessAttempt.objects.get().pk]}

    client.post("/admin/axes/accessattempt/", chosen)

    assert attempt(PASSWORD).status_code == 302
    assert LogEntry.objects.filter(content_type__app_label="axes").count() == 1


def test_only_who_may_delete_unlocks() -> None:
    fail(5)
    client = signed_in("axes.view_accessattempt")

    client.post(
        "/admin/axes/accessattempt/",
        {"action": "unlock", "_selected_action": [AccessAttempt.objects.get().pk]},
    )

    assert attempt(PASSWORD).status_code == 429


def test_no_password_is_stored(django_assert_num_queries: Any) -> None:
    fail(2)
    attempt("my secret password")

    row = AccessAttempt.objects.values().get()
    assert "my secret password" not in str(row)
