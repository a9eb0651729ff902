"""A fake of the Laravel that is told of sessions: two addresses that take batches, and what it knows since.

POST /api/qr/batch               {"batchId", "items": [{"channel", "sessionId", "qr", "version", …}]}
POST /api/whatsapp/status/batch  the same with "status"
GET  /__control/known            what it knows of each session

Run alone: `python -m tests.fakes.laravel --port N --settings '{"seconds": 0.1}'`.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.fakes.base import FakeRequest, FakeServer, run
from tests.fakes.behaviour import Reply, json_reply

_PATHS = {"/api/qr/batch": "qr", "/api/whatsapp/status/batch": "status"}


@dataclass(frozen=True, kw_only=True)
class LaravelSettings:
    """`seconds` an answer takes; any token is good where `token` is empty.

    A batch with one of the sessions in `refuses` is refused whole, with the status that stands there; those
    in `rejects` are named in the answer and the others taken.
    """

    seconds: float = 0.0
    token: str = ""
    refuses: Mapping[str, int] = field(default_factory=dict)
    rejects: tuple[str, ...] = ()


@dataclass(frozen=True)
class Batch:
    """A batch that came, whatever was answered; `began` is a time of time.time()."""

    kind: str
    key: str
    batch_id: str
    items: tuple[Mapping[str, Any], ...]
    began: float
    size: int
    """Bytes of the body."""

    @property
    def sessions(self) -> list[str]:
        return [item["sessionId"] for item in self.items]


class FakeLaravel(FakeServer[LaravelSettings]):
    operations = ("status", "qr")

    def __init__(self, settings: LaravelSettings | None = None, *, port: int = 0) -> None:
        super().__init__(settings or LaravelSettings(), port=port)
        self.batches: list[Batch] = []
        self.known: dict[str, dict[str, Mapping[str, Any]]] = {"qr": {}, "status": {}}
        """The newest item of each session, by its version alone: what counts in the end."""
        self.overtaken = 0
        """Items that came later than a newer one of the same session."""
        self.concurrent: Counter[str] = Counter()
        """Sessions of which two items of a kind were under way at once."""
        self._under_way: Counter[tuple[str, str]] = Counter()
        self._items = threading.Lock()

    @property
    def api_url(self) -> str:
        return f"{self.url}/api"

    def of(self, kind: str) -> list[Batch]:
        with self._items:
            return [batch for batch in self.batches if batch.kind == kind]

    def statuses(self) -> dict[str, str]:
        """What it knows: the status of each session."""
        with self._items:
            return {session: str(item["status"]) for session, item in self.known["status"].items()}

    def versions(self, kind: str) -> dict[str, int]:
        with self._items:
            return {session: int(item["version"]) for session, item in self.known[kind].items()}

    def views(self) -> dict[str, Callable[[], object]]:
        return {"known": lambda: self.known}

    def operation(self, request: FakeRequest) -> str:
        return _PATHS.get(request.path, "") if request.method == "POST" else ""

    def refuse(self, status: int, code: str | int, message: str) -> Reply:
        return json_reply(status, {"message": message})

    def respond(self, request: FakeRequest) -> Reply | None:
        kind = self.operation(request)
        if not kind:
            return super().respond(request)
        batch = self._came(kind, request)
        try:
            return super().respond(request)
        finally:
            with self._items:
                self._under_way.subtract((kind, session) for session in batch.sessions)

    def _came(self, kind: str, request: FakeRequest) -> Batch:
        sent = request.json
        key = request.headers.get("idempotency-key", "")
        items = tuple(sent.get("items", ()))
        batch = Batch(kind, key, sent.get("batchId", ""), items, time.time(), len(request.body))
        with self._items:
            self.batches.append(batch)
            for session in batch.sessions:
                self._under_way[kind, session] += 1
                if self._under_way[kind, session] > 1:
                    self.concurrent[session] += 1
        return batch

    def accept(self, operation: str, request: FakeRequest) -> Reply:
        self.stopping.wait(self.settings.seconds)
        if self.settings.token and request.bearer != self.settings.token:
            return self.refuse(401, "", "Unauthenticated.")
        items = request.json["items"]
        for item in items:
            if status := self.settings.refuses.get(item["sessionId"]):
                return self.refuse(status, "", f"The {operation} of {item['sessionId']} is invalid.")
        rejected = [index for index, item in enumerate(items) if item["sessionId"] in self.settings.rejects]
        with self._items:
            for index, item in enumerate(items):
                if index not in rejected:
                    self._take(operation, item)
        entries = [{"index": index, "code": "unknown_session"} for index in rejected]
        return json_reply(200, {"accepted": len(items) - len(rejected), "rejected": entries})

    def _take(self, kind: str, item: Mapping[str, Any]) -> None:
        known = self.known[kind].get(item["sessionId"])
        if known is not None and known["version"] > item["version"]:
            self.overtaken += 1
        else:
            self.known[kind][item["sessionId"]] = item


if __name__ == "__main__":
    run(lambda port: FakeLaravel(port=port))
