"""Requests are counted and timed by view; addresses, which anybody may invent, are no labels."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.views.generic import RedirectView

from tests.recording import RecordedMetrics

REDIRECT = "django.views.generic.base.RedirectView"


def test_a_request_is_counted_and_timed_by_its_view(client: Client, recorded: RecordedMetrics) -> None:
    client.get("/admin/login/")
    client.get("/admin/login/?next=/elsewhere")
    client.get("/")

    assert recorded.total("http_requests_total", "admin:login", "2xx") == 2
    assert recorded.observations("http_request_seconds", "admin:login") == 2
    assert recorded.total("http_request_seconds", "admin:login") > 0
    assert recorded.total("http_requests_total", REDIRECT, "3xx") == 1


def test_rows_of_one_page_are_one_endpoint(client: Client, recorded: RecordedMetrics, db: None) -> None:
    client.force_login(User.objects.create_superuser("ana"))
    for number in (1, 2):
        client.get(f"/admin/auth/user/{number}/change/")

    assert recorded.observations("http_request_seconds", "admin:auth_user_change") == 2


@pytest.mark.parametrize("path", ["/no-such-page", "/wp-login.php", "/api/v9/x"])
def test_what_no_view_was_found_for_is_unknown(client: Client, recorded: RecordedMetrics, path: str) -> None:
    client.get(path)

    assert recorded.total("http_requests_total", "unknown", "4xx") == 1


def test_what_is_refused_before_a_view_is_counted_too(client: Client, recorded: RecordedMetrics) -> None:
    client.post("/admin/login/", headers={"Transfer-Encoding": "chunked"})

    assert recorded.total("http_requests_total", "unknown", "4xx") == 1


def test_a_view_that_breaks_is_a_5xx(
    client: Client, recorded: RecordedMetrics, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_args: object, **_kwargs: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(RedirectView, "get_redirect_url", broken)
    client.raise_request_exception = False
    client.get("/")

    assert recorded.total("http_requests_total", REDIRECT, "5xx") == 1


@pytest.mark.parametrize("path", ["/health/live", "/metrics", "/static/botsite/theme.css"])
def test_probes_scrapes_and_files_are_not(
    client: Client, recorded: RecordedMetrics, db: None, path: str
) -> None:
    client.get(path).close()

    assert not [field for field in recorded._amounts if "http_" in field]
