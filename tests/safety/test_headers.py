"""What every answer says to browsers, and what no page holds: script or style of its own."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from tests.safety.pages import addresses, demo_objects
from tests.staff import administrator

INLINE = re.compile(
    rb"<script(?![^>]*(?:\bsrc=|type=\"application/json\"))|<style|\sstyle=|\son[a-z]+=[\"']|javascript:",
    re.I,
)
OUTSIDE = re.compile(rb"(?:src|href|action)=[\"'](?:https?:)?//", re.I)


def complaints(response: Any) -> list[str]:
    """Return what is wrong with the headers and, for a page, with its text."""
    policy = response.headers.get("Content-Security-Policy", "")
    wrong = [word for word in ("unsafe-inline", "unsafe-eval", "*", "http") if word in policy]
    wanted = {
        "default-src 'self'" in policy: "default-src",
        "frame-ancestors 'none'" in policy: "frame-ancestors",
        "object-src 'none'" in policy: "object-src",
        "form-action 'self'" in policy: "form-action",
        response.headers.get("X-Frame-Options") == "DENY": "X-Frame-Options",
        response.headers.get("X-Content-Type-Options") == "nosniff": "nosniff",
        response.headers.get("Referrer-Policy") == "same-origin": "Referrer-Policy",
        response.headers.get("Cross-Origin-Opener-Policy") == "same-origin": "opener",
    }
    wrong += [what for fine, what in wanted.items() if not fine]
    wrong += [name for name in ("Server", "X-Powered-By") if name in response.headers]
    if response.headers.get("Content-Type", "").startswith("text/html"):
        wrong += [
            found.decode()
            for found in (*INLINE.findall(response.content), *OUTSIDE.findall(response.content))
        ]
    return wrong


@pytest.mark.django_db
def test_every_page_keeps_to_the_policy() -> None:
    objects = demo_objects()
    wrong: dict[str, list[str]] = {}
    for client in (administrator(), Client()):
        for address in addresses():
            path = address.path(objects)
            response = client.get(path)
            assert response.status_code < 500, path
            if found := complaints(response):
                wrong[path] = found

    assert wrong == {}


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/nowhere", "/api/nowhere", "/static/nowhere", "/admin/nowhere/"])
def test_error_pages_keep_to_it_too(path: str, client: Client) -> None:
    response = client.get(path)

    assert response.status_code in {302, 404}
    assert complaints(response) == []


@pytest.mark.django_db
def test_cookies_are_for_http_and_this_site(client: Client, settings: Settings) -> None:
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    User.objects.create_superuser("boss", password="a long password")
    client.get("/admin/login/")
    client.post("/admin/login/", {"username": "boss", "password": "a long password"})

    session, csrf = client.cookies["sessionid"], client.cookies["csrftoken"]
    assert (session["secure"], session["httponly"], session["samesite"]) == (True, True, "Lax")
    assert (csrf["secure"], csrf["samesite"]) == (True, "Lax")


@pytest.mark.django_db
def test_https_is_remembered_only_where_it_was_used(client: Client, settings: Settings) -> None:
    settings.SECURE_HSTS_SECONDS = 3600

    assert "Strict-Transport-Security" not in client.get("/health/live").headers
    assert client.get("/health/live", secure=True)["Strict-Transport-Security"] == "max-age=3600"
