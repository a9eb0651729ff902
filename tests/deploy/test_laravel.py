"""Laravel's side of the forwards: every PHP file is valid, and the plain receiver takes our real batches."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from botsite.resilience.http import HttpClient, HttpReply, NotSent
from sessions_app.models import ForwardKind
from tests.faults.stores import free_port
from tests.processes import wait_until
from tests.sessions_app.services.builders import apply, code, gateway, status
from tests.sessions_app.services.fixtures import forget_laravel
from tests.sessions_app.services.forwarding import make_due, send, states

FOLDER = Path(__file__).resolve().parents[2] / "deploy" / "laravel"
PHP = shutil.which("php")
TOKEN = "shared-secret"

pytestmark = pytest.mark.skipif(not PHP, reason="php is missing: apt install php-cli")


class Receiver:
    """`php -S` with receiver.php."""

    def __init__(self, data: Path) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}/api"
        self._client = HttpClient()
        self._process = subprocess.Popen(
            [str(PHP), "-S", f"127.0.0.1:{port}", str(FOLDER / "receiver.php")],
            env={"PATH": os.environ["PATH"], "DATA_FILE": str(data), "TOKEN": TOKEN},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_until(self._answers)

    def _answers(self) -> bool:
        try:
            return self.get("/sessions").status == 200
        except NotSent:
            return False

    def get(self, path: str) -> HttpReply:
        return self._client.request("GET", self.url + path, headers={"Authorization": f"Bearer {TOKEN}"})

    def post(self, path: str, body: object, *, key: str = "k1", token: str = TOKEN) -> HttpReply:
        headers = {"Authorization": f"Bearer {token}", **({"Idempotency-Key": key} if key else {})}
        return self._client.request("POST", self.url + path, headers=headers, json=body)

    def sessions(self) -> dict[str, Any]:
        """What it knows of the sessions of the channel `baileys`."""
        known: dict[str, Any] = self.get("/sessions").json()["sessions"]
        return known["baileys"] if known else {}

    def close(self) -> None:
        self._client.close()
        self._process.kill()
        self._process.wait()


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[Receiver]:
    running = Receiver(tmp_path / "sessions.json")
    yield running
    running.close()


def item(version: int, word: str = "active", session: str = "s1") -> dict[str, object]:
    return {
        "channel": "baileys",
        "sessionId": session,
        "status": word,
        "version": version,
        "timestamp": "2026-11-01T12:00:00+00:00",
        "priority": "normal",
    }


def batch(*items: object) -> dict[str, object]:
    return {"batchId": "k1", "items": list(items)}


@pytest.mark.parametrize("file", sorted(FOLDER.rglob("*.php")), ids=lambda file: file.name)
def test_the_file_is_valid_php(file: Path) -> None:
    checked = subprocess.run([str(PHP), "-l", str(file)], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout


def test_our_batches_are_understood(receiver: Receiver, transactional_db: None, settings: Settings) -> None:
    settings.LARAVEL_API_URL, settings.LARAVEL_API_TOKEN = receiver.url, TOKEN
    channel = gateway()
    apply(channel, status("active"), code("2@ñandú/+=", "s2"))
    apply(channel, status("inactive"))
    make_due()

    assert send(ForwardKind.STATUS)
    assert send(ForwardKind.QR)
    forget_laravel()

    known = receiver.sessions()
    assert (known["s1"]["status"]["value"], known["s1"]["status"]["version"]) == ("inactive", 2)
    assert known["s2"]["qr"]["value"] == "2@ñandú/+="
    assert states() == {"s1": "delivered"}


def test_the_same_key_is_answered_the_same_and_does_nothing(receiver: Receiver) -> None:
    first = receiver.post("/whatsapp/status/batch", batch(item(1)), key="a").json()
    receiver.post("/whatsapp/status/batch", batch(item(2, "inactive")), key="b")
    again = receiver.post("/whatsapp/status/batch", batch(item(3, "other")), key="a").json()

    assert (first, again) == ({"accepted": 1, "rejected": []}, {**first, "repeated": True})
    assert receiver.sessions()["s1"]["status"]["value"] == "inactive"


def test_an_older_version_never_comes_over_a_newer_one(receiver: Receiver) -> None:
    receiver.post("/whatsapp/status/batch", batch(item(7, "inactive")), key="a")

    answer = receiver.post("/whatsapp/status/batch", batch(item(6, "active")), key="b")
    assert answer.json() == {"accepted": 1, "rejected": []}
    assert receiver.sessions()["s1"]["status"] == {
        "value": "inactive",
        "version": 7,
        "timestamp": "2026-11-01T12:00:00+00:00",
    }


def test_what_is_not_valid_is_named_and_the_others_are_taken(receiver: Receiver) -> None:
    answer = receiver.post("/whatsapp/status/batch", batch("nonsense", item(0), item(1))).json()

    assert answer["accepted"] == 1
    assert [entry["index"] for entry in answer["rejected"]] == [0, 1]
    assert list(receiver.sessions()) == ["s1"]


def test_nobody_without_the_token_or_a_key_is_let_in(receiver: Receiver) -> None:
    assert receiver.post("/qr/batch", batch(), token="wrong").status == 401
    assert receiver.post("/qr/batch", batch(), key="").status == 422
    assert receiver.post("/qr/batch", {"items": "none"}).status == 422
    assert receiver.post("/elsewhere", batch()).status == 404
