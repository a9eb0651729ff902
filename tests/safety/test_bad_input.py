"""Whatever is sent, at every address: no 5xx, nobody else waits, no secret comes back, nothing is stored."""

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx2
import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client

from conversations.models import Message
from tests.botsite.api.client import make_key
from tests.conversations.builders import make_channel
from tests.fakes.webhooks import signed_headers
from tests.safety.nasty import ADDRESSES, BODIES, HEADERS, REQUESTS
from tests.safety.pages import Address, addresses
from tests.safety.raw_http import RawAnswer, exchange, request

pytestmark = [pytest.mark.stack, pytest.mark.django_db(transaction=True)]
APP_SECRET, PATH_SECRET, PASSWORD = "canary-app-secret", "canary-path-secret", "canary-password"
LONGEST_SECONDS = 5.0
NOT_FOR_BODIES = {"health-live", "health-ready", "simulator", "set_language"}
FOR_PEOPLE = ("admin:", "dashboard")
UNPROVEN = {"/webhook/shop/", "/webhook/nowhere"}  # unsigned, unknown
Headers = Callable[[bytes], dict[str, str]]


@dataclass(frozen=True, slots=True)
class Target:
    """An address, and the headers with which a body gets as far as it can there."""

    path: str
    headers: Headers
    is_machine: bool = True


@dataclass(frozen=True, slots=True)
class Site:
    port: int
    targets: tuple[Target, ...]
    secrets: tuple[str, ...]
    session: dict[str, str]


@pytest.fixture
def site(web_port: int) -> Site:
    """The site with a channel of each kind of proof, a key with every scope, and somebody's session."""
    make_channel(app_secret=APP_SECRET)
    make_channel(slug="whapi", kind="whapi", phone_number_id="", app_secret=PATH_SECRET)
    token = make_key()
    client = Client()
    client.force_login(User.objects.create_superuser("boss", password=PASSWORD))
    session = client.cookies["sessionid"].value
    csrf = "c" * 32
    cookies = {"Cookie": f"sessionid={session}; csrftoken={csrf}", "X-CSRFToken": csrf}
    form = cookies | {"Content-Type": "application/x-www-form-urlencoded"}
    targets = (
        Target("/webhook/shop", lambda body: dict(signed_headers(body, APP_SECRET))),
        Target(f"/webhook/whapi/{PATH_SECRET}", lambda body: {}),
        Target("/webhook/shop/", lambda body: {}),
        Target("/webhook/nowhere", lambda body: {}),
        *(Target(path, lambda body: {"X-Api-Key": token}) for path in _api_paths()),
        Target("/admin/login/", lambda body: form, is_machine=False),
        Target("/simulator/messages", lambda body: form, is_machine=False),
        Target("/dashboard/alerts/1/acknowledge", lambda body: form, is_machine=False),
        Target("/admin/sessions_app/channel/add/", lambda body: form, is_machine=False),
    )
    told_nobody = (APP_SECRET, PATH_SECRET, PASSWORD, token, session, settings.SECRET_KEY)
    hidden = (*told_nobody, "Traceback", "site-packages")
    return Site(web_port, targets, hidden, cookies)


def _api_paths() -> list[str]:
    """The machines' addresses that take a body, from the URL conf."""
    skipped = NOT_FOR_BODIES | {"webhook"}
    found: list[Address] = [
        each for each in addresses() if not each.name.startswith(FOR_PEOPLE) and each.name not in skipped
    ]
    return [each.path({}) for each in found if each.name != "simulator-messages"]


@contextmanager
def somebody_else(port: int) -> Iterator[list[float]]:
    """A visitor who asks for a page all the while; yields how long each answer took."""
    took: list[float] = []
    stop = threading.Event()

    def visit() -> None:
        with httpx2.Client(trust_env=False, timeout=30) as client:
            while True:
                began = time.monotonic()
                assert client.get(f"http://127.0.0.1:{port}/health/live").status_code == 200
                took.append(time.monotonic() - began)
                if stop.wait(0.05):
                    return

    visitor = threading.Thread(target=visit)
    visitor.start()
    try:
        yield took
    finally:
        stop.set()
        visitor.join()


def complaint(site: Site, answer: RawAnswer, *, sent: bytes, is_machine: bool) -> str:
    """Return what is wrong with an answer, if anything is."""
    if answer.status >= 500:
        return str(answer.status)
    if answer.seconds > LONGEST_SECONDS:
        return f"{answer.seconds:.1f} s"
    if b"X-Injected" in answer.head or b"evil.example" in answer.head:
        return "a header was injected"
    received = answer.head + answer.body
    if found := [word for word in site.secrets if word.encode() in received and word.encode() not in sent]:
        return f"told {found}"
    if is_machine and 400 <= answer.status < 500 and not answer.body.startswith(b'{"error"'):
        return f"{answer.status} without the envelope: {answer.body[:80]!r}"
    return ""


def test_bad_bodies_everywhere(site: Site) -> None:
    wrong = {}
    reached: dict[str, set[int]] = defaultdict(set)
    with somebody_else(site.port) as took:
        for target in site.targets:
            for name, body in BODIES.items():
                answer = request(site.port, target.path, body, headers=target.headers(body))
                reached[target.path].add(answer.status)
                said = complaint(site, answer, sent=body, is_machine=target.is_machine)
                if said or not answer.status:
                    wrong[f"{target.path}: {name}"] = said or "no answer"

    assert wrong == {}
    assert len(BODIES) >= 60
    shut_out = {path for path, statuses in reached.items() if statuses & {401, 403}}
    assert shut_out <= UNPROVEN  # what was sent got past the proof and was read
    assert max(took) < LONGEST_SECONDS
    assert not Message.objects.filter(text__contains="canary").exists()


def test_bad_headers_everywhere(site: Site) -> None:
    wrong = {}
    body = b'{"channel": "shop", "userId": "573000000001"}'
    with somebody_else(site.port) as took:
        for target in site.targets:
            for name, headers in HEADERS.items():
                sent = target.headers(body) | headers
                answer = request(site.port, target.path, body, headers=sent)
                if said := complaint(site, answer, sent=b"evil.example", is_machine=False):
                    wrong[f"{target.path}: {name}"] = said

    assert wrong == {}
    assert max(took) < LONGEST_SECONDS


@pytest.mark.parametrize("who", ["a stranger", "a key", "a member of staff"])
def test_bad_addresses(site: Site, who: str) -> None:
    key = next(target for target in site.targets if target.path == "/update-user").headers(b"")
    headers = {"a stranger": {}, "a key": key, "a member of staff": site.session}[who]
    wrong = {}
    for address in ADDRESSES:
        for method in ("GET", "POST"):
            answer = request(site.port, address, method=method, headers=headers)
            if said := complaint(site, answer, sent=address.encode(), is_machine=False):
                wrong[f"{method} {address[:80]}"] = said
            elif b"root:" in answer.body or b"BASE_DIR" in answer.body:
                wrong[f"{method} {address[:80]}"] = "a file was read"

    assert wrong == {}


def test_whole_requests_that_are_none(site: Site) -> None:
    wrong = {}
    with somebody_else(site.port) as took:
        for name, data in REQUESTS.items():
            answer = exchange(
                site.port, data, then_end=b"Connection: close" not in data[:200] or "ends" in name
            )
            if said := complaint(site, answer, sent=data, is_machine=False):
                wrong[name] = said

    assert wrong == {}
    assert max(took) < LONGEST_SECONDS


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"Content-Encoding": "gzip"}, 415, "unsupported_encoding"),
        ({"Transfer-Encoding": "chunked", "Content-Length": None}, 411, "length_required"),
        ({"Content-Length": "3145729"}, 413, "too_large"),
    ],
)
def test_what_is_refused_by_the_head_alone(
    site: Site, headers: dict[str, str], status: int, code: str
) -> None:
    body = b"0\r\n\r\n" if "Transfer-Encoding" in headers else b"{}"
    for target in site.targets:
        answer = request(site.port, target.path, body, headers=target.headers(body) | headers)

        assert answer.status == status, target.path
        assert not target.is_machine or f'"{code}"'.encode() in answer.body
        assert b"granian/" not in answer.head.lower()
