"""What the fake servers share: real sockets, a record of every request, behaviours, and control over HTTP.

GET  /__control/requests    every request so far, in order of arrival
POST /__control/behave      fields of Behaviour: how the next calls fail
POST /__control/configure   fields of the server's settings
POST /__control/reset       forget requests and behaviours
"""

import argparse
import json
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar, Generic, Self, TypeVar
from urllib.parse import urlsplit

from tests.fakes.behaviour import DRIP_SECONDS, Behaviour, Reply, Script, distorted, json_reply

CONTROL = "/__control/"
SettingsT = TypeVar("SettingsT")


@dataclass(frozen=True)
class FakeRequest:
    """One request; header names are lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        """The body as an object; whatever else it is counts as an empty one."""
        try:
            payload = json.loads(self.body or b"{}")
        except ValueError:
            return {}
        return payload if isinstance(payload, dict) else {}

    @property
    def bearer(self) -> str:
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        return token if scheme == "Bearer" else ""


@dataclass
class Record:
    """One request as it was seen. Times are those of time.time(); `status` 0 means that no reply was sent."""

    operation: str
    method: str
    path: str
    authorization: str
    body: dict[str, Any]
    started: float
    ended: float = 0.0
    status: int = 0


class FakeServer(Generic[SettingsT]):
    """A server on a loopback port, started by `with`. Subclasses say what a call is and what it answers."""

    operations: ClassVar[tuple[str, ...]]
    """Names of the operations; the first is the main one, which a Behaviour without `on` is meant for."""

    def __init__(self, settings: SettingsT, *, port: int = 0) -> None:
        self.settings = settings
        self.requests: list[Record] = []
        self.changed = threading.Condition()
        self.stopping = threading.Event()
        self._script = Script()
        self._http = _HttpServer(("127.0.0.1", port), self)
        self.url = f"http://127.0.0.1:{self._http.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stopping.set()
        self._http.shutdown()
        self._http.server_close()

    def operation(self, request: FakeRequest) -> str:
        """Name the operation a request asks for; empty: there is none such (404)."""
        raise NotImplementedError

    def accept(self, operation: str, request: FakeRequest) -> Reply:
        """Do the operation and return its reply."""
        raise NotImplementedError

    def refuse(self, status: int, code: str | int, message: str) -> Reply:
        """An error as this server words it."""
        raise NotImplementedError

    def views(self) -> dict[str, Callable[[], object]]:
        """What GET /__control/<name> shows, beside the requests."""
        return {}

    def behave(self, behaviour: Behaviour) -> None:
        """Script the next calls; several behaviours wait in line, each for calls of its operation."""
        operation = behaviour.on or self.operations[0]
        if operation not in self.operations:
            raise ValueError("unknown operation")
        with self.changed:
            self._script.add(replace(behaviour, on=operation))

    def configure(self, **settings: Any) -> None:
        self.settings = replace(self.settings, **settings)  # type: ignore[type-var]

    def reset(self) -> None:
        with self.changed:
            self.requests.clear()
            self._script.clear()

    def wait_for(self, condition: Callable[[], bool], *, seconds: float = 5.0) -> bool:
        """Wait until the condition holds, looked at after every change; False when time is over."""
        with self.changed:
            return self.changed.wait_for(condition, timeout=seconds)

    def respond(self, request: FakeRequest) -> Reply | None:
        """Answer one request; None closes the connection without a word."""
        if request.path.startswith(CONTROL):
            return self._control(request)
        operation = self.operation(request)
        if not operation:
            return self.refuse(404, 404, "no such path")
        with self.changed:
            record = self._record(operation, request)
            behaviour = self._script.next_for(operation)
        reply = self._perform(operation, request, behaviour)
        with self.changed:
            record.ended = time.time()
            record.status = reply.status if reply else 0
            self.changed.notify_all()
        return reply

    def _record(self, operation: str, request: FakeRequest) -> Record:
        authorization = request.headers.get("authorization", "")
        record = Record(operation, request.method, request.path, authorization, request.json, time.time())
        self.requests.append(record)
        self.changed.notify_all()
        return record

    def _perform(self, operation: str, request: FakeRequest, behaviour: Behaviour) -> Reply | None:
        if behaviour.drop == "before":
            self.stopping.wait(behaviour.delay)
            return None
        if behaviour.status:
            self.stopping.wait(behaviour.delay)
            return self._scripted_error(behaviour)
        reply = self.accept(operation, request)
        self.stopping.wait(behaviour.delay)
        return None if behaviour.drop == "after" else distorted(reply, behaviour.distort)

    def _scripted_error(self, behaviour: Behaviour) -> Reply:
        reply = self.refuse(behaviour.status, behaviour.code, behaviour.message)
        if behaviour.retry_after is not None:
            reply = replace(reply, headers={**reply.headers, "Retry-After": f"{behaviour.retry_after:g}"})
        return distorted(reply, behaviour.distort)

    def _control(self, request: FakeRequest) -> Reply:
        name = request.path.removeprefix(CONTROL)
        views = {"requests": lambda: [asdict(record) for record in self.requests], **self.views()}
        actions: dict[str, Callable[..., None]] = {
            "behave": lambda **fields: self.behave(Behaviour(**fields)),
            "configure": self.configure,
            "reset": self.reset,
        }
        try:
            if request.method == "GET" and name in views:
                return json_reply(200, views[name]())
            if request.method == "POST" and name in actions:
                actions[name](**request.json)
                return json_reply(200, {"done": name})
        except (TypeError, ValueError) as error:
            return json_reply(400, {"error": str(error)})
        return json_reply(404, {"views": sorted(views), "actions": sorted(actions)})


class _HttpServer(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 256

    def __init__(self, address: tuple[str, int], fake: FakeServer[Any]) -> None:
        super().__init__(address, _Handler)
        self.fake = fake

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is everyday life here; anything else is a fault of the fake."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: _HttpServer

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = urlsplit(self.path).path
        headers = {name.lower(): value for name, value in self.headers.items()}
        reply = self.server.fake.respond(FakeRequest(self.command, path, headers, body))
        if reply is None:
            self.close_connection = True
        else:
            self._send(reply)

    do_GET = do_DELETE = do_POST

    def _send(self, reply: Reply) -> None:
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", reply.content_type)
        self.send_header("Content-Length", str(len(reply.body) + reply.missing_bytes))
        self.end_headers()
        self.close_connection = self.close_connection or bool(reply.missing_bytes)
        step = 1 if reply.drip else max(1, len(reply.body))
        for start in range(0, len(reply.body), step):
            self.wfile.write(reply.body[start : start + step])
            self.wfile.flush()
            if reply.drip:
                self.server.fake.stopping.wait(DRIP_SECONDS)

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet: the record of requests is the log."""


def run(make: Callable[[int], FakeServer[Any]]) -> None:
    """Serve until SIGINT or SIGTERM: `python -m tests.fakes.<name> --port N [--settings JSON]`."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--settings", type=json.loads, default={}, help="a JSON object of settings")
    options = parser.parse_args()
    # Blocked in every thread that is started from here on, and waited for below.
    signals = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    with make(options.port) as server:
        server.configure(**options.settings)
        print(server.url, flush=True)
        signal.sigwait(signals)
