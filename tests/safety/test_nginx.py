"""The shipped nginx site before a real granian: what is slow, large or in pieces does not reach a thread."""

import http.client
import json
import ssl
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import call_command
from pytest_django import Settings

from conversations.models import Message
from tests.conversations.builders import make_channel
from tests.fakes.webhooks import cloud_api_change, cloud_api_envelope, signed_headers, text_message
from tests.processes import wait_until
from tests.safety.dripping import HEAD, dripping
from tests.safety.nginx import PROGRAM, Nginx, nginx
from tests.safety.raw_http import exchange, request

pytestmark = [
    pytest.mark.stack,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(PROGRAM is None, reason="there is no nginx on this machine (Debian: nginx-light)"),
]
SECRET = "nginx-secret"


@pytest.fixture(scope="module")
def static(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("static")
    (folder / "botsite").mkdir()
    (folder / "botsite" / "theme.css").write_text("body {}")
    return folder


@pytest.fixture(scope="module")
def edge(web_port: int, static: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nginx]:
    with nginx(tmp_path_factory.mktemp("nginx"), upstream=web_port, static=static) as ports:
        yield ports


def signed_webhook(wamid: str = "wamid.nginx") -> tuple[bytes, dict[str, str]]:
    make_channel(app_secret=SECRET)
    item = text_message("hola", sender="573000000001", wamid=wamid)
    body = cloud_api_envelope(cloud_api_change(phone_number_id="1001", messages=[item]))
    return body, {name: str(value) for name, value in signed_headers(body, SECRET).items()}


def test_a_signed_webhook_passes_unchanged(edge: Nginx) -> None:
    body, headers = signed_webhook()

    answer = request(edge.plain, "/webhook/shop", body, headers=headers)

    assert answer.status == 200
    assert Message.objects.filter(external_id="wamid.nginx").exists()


def test_a_chunked_body_is_made_whole(edge: Nginx) -> None:
    body, headers = signed_webhook()
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:7], body[7:])) + b"0\r\n\r\n"
    lines = [f"{name}: {value}" for name, value in headers.items()]
    head = "\r\n".join(
        ["POST /webhook/shop HTTP/1.1", "Host: 127.0.0.1", "Transfer-Encoding: chunked", *lines]
    )

    answer = exchange(edge.plain, head.encode() + b"\r\nConnection: close\r\n\r\n" + chunks)

    assert answer.status == 200
    assert Message.objects.count() == 1


def test_two_hundred_dripping_connections_stop_nobody(edge: Nginx) -> None:
    body, headers = signed_webhook()
    with dripping(edge.plain):
        took = []
        for _ in range(20):
            began = time.monotonic()
            assert request(edge.plain, "/webhook/shop", body, headers=headers).status == 200
            took.append(time.monotonic() - began)

    assert max(took) < 5
    assert Message.objects.count() == 1


def test_a_slow_body_holds_no_thread(edge: Nginx) -> None:
    """More slow bodies than the web server has threads (10) and places to wait (256 in all)."""
    with dripping(edge.plain, connections=280):
        assert request(edge.plain, "/health/live", method="GET").status == 200


@pytest.mark.parametrize("path", ["/webhook/shop", "/api/messages", "/admin/login/"])
def test_more_than_three_megabytes_are_413_in_the_envelope(edge: Nginx, path: str) -> None:
    answer = request(edge.plain, path, b"x" * 3_145_729)

    assert answer.status == 413
    assert json.loads(answer.body)["error"]["code"] == "too_large"
    assert b"nginx/" not in answer.head


def test_three_megabytes_reach_the_site(edge: Nginx) -> None:
    answer = request(edge.plain, "/webhook/nowhere", b"x" * 3_145_728)

    assert (answer.status, json.loads(answer.body)["error"]["code"]) == (404, "unknown_channel")


def test_the_visitor_s_address_is_nginx_s_to_say(edge: Nginx) -> None:
    forged = {
        "X-Forwarded-For": "192.0.2.99",
        "X-Forwarded-Host": "evil.example",
        "Forwarded": "for=192.0.2.99",
    }

    request(edge.plain, "/webhook/shop/not-the-secret", b"{}", headers=forged)

    wait_until(lambda: "/webhook/shop/***" in edge.access_log)
    assert "192.0.2.99" not in edge.access_log
    assert "127.0.0.1 [" in edge.access_log


def test_a_secret_in_an_address_stands_in_no_log(edge: Nginx) -> None:
    make_channel(slug="whapi", kind="whapi", phone_number_id="", app_secret="canary-in-the-path")

    request(edge.plain, "/webhook/whapi/canary-in-the-path?x=canary-in-the-query", b"{}")

    wait_until(lambda: "/webhook/whapi/***" in edge.access_log)
    assert "canary" not in edge.access_log
    assert "canary" not in (edge.folder / "error.log").read_text()


def test_static_files_are_nginx_s(edge: Nginx) -> None:
    answer = request(edge.plain, "/static/botsite/theme.css", method="GET")

    assert (answer.status, answer.body) == (200, b"body {}")
    assert b"text/css" in answer.head
    for path in ("/static/../botsite-site.conf", "/static/%2e%2e/botsite-site.conf", "/static../privkey.pem"):
        assert request(edge.plain, path, method="GET").status in {400, 404}


def test_figures_are_closed_to_the_outside(web_port: int, edge: Nginx, tmp_path: Path) -> None:
    with nginx(tmp_path, upstream=web_port, from_outside=True) as outside:
        for path in (
            "/metrics",
            "/metrics/",
            "/metrics/cache",
            "/metrics/host",
            "//metrics",
            "/%6detrics",
            "/x/../metrics",
        ):
            assert request(outside.plain, path, method="GET").status == 403, path
    assert request(edge.plain, "/metrics", method="GET").status == 401  # inside, the site asks for a key


def test_tls_is_spoken_and_plain_http_is_sent_there(edge: Nginx, settings: Settings) -> None:
    context = ssl._create_unverified_context()
    connection = http.client.HTTPSConnection("127.0.0.1", edge.tls, context=context, timeout=10)
    connection.request("GET", "/health/live")
    assert connection.getresponse().status == 200
    connection.close()

    answer = request(edge.redirecting, "/admin/?a=b", method="GET", headers={"Host": "bot.example.com"})
    assert answer.status == 301
    assert b"Location: https://bot.example.com/admin/?a=b" in answer.head


def test_while_the_site_is_away_the_sender_is_told_to_try_again(tmp_path: Path) -> None:
    with nginx(tmp_path, upstream=1) as ports:
        answer = request(ports.plain, "/webhook/shop", b"{}")

    assert answer.status == 503
    assert json.loads(answer.body)["error"]["code"] == "unavailable"
    assert b"Retry-After: 5" in answer.head


def test_requests_that_are_not_finished_are_dropped(edge: Nginx) -> None:
    for data in (HEAD[:20], HEAD[:-2]):
        assert exchange(edge.plain, data, then_end=True).status in {0, 400}
    assert request(edge.plain, "/health/live", method="GET").status == 200


def test_static_files_can_be_collected_for_it(tmp_path: Path, settings: Settings) -> None:
    settings.STATIC_ROOT = str(tmp_path / "static")

    call_command("collectstatic", interactive=False, verbosity=0)

    assert (tmp_path / "static" / "botsite" / "theme.css").is_file()
