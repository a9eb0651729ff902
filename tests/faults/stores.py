"""The stores of a run: a database of its own on a given server, and a Redis process of its own."""

import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

import psycopg2
import redis

from botsite.embedded.processes import dies_with_parent
from botsite.embedded.wheels import valkey_program
from tests.faults.proxy import Upstream

_UNFINISHED = """
    SELECT count(*) FROM conversations_message
    WHERE (direction = 'in' AND state = 'pending') OR (direction = 'out' AND state IN ('pending', 'sending'))
"""
_INBOUND = "SELECT text, sequence, state, reason, run_id FROM conversations_message WHERE direction = 'in'"
_OUTBOUND = "SELECT token, text, state, reason, run_id FROM conversations_message WHERE direction = 'out'"
_RUNS = """
    SELECT name.value, run.input_tokens + run.output_tokens, run.usage_unknown,
           extract(epoch FROM run.started_at)
    FROM conversations_run run JOIN conversations_thread thread ON thread.id = run.thread_id
    JOIN conversations_useridentity name ON name.user_id = thread.user_id AND name.kind = 'wa_id'
"""

_FIRING = """
    SELECT DISTINCT rule.slug
    FROM monitoring_alert alert JOIN monitoring_alertrule rule ON rule.id = alert.rule_id
    WHERE alert.state = 'firing'
"""
_FIRED_SINCE = """
    SELECT DISTINCT rule.slug
    FROM monitoring_alert alert JOIN monitoring_alertrule rule ON rule.id = alert.rule_id
    WHERE alert.fired_at >= %s
"""
_SET_THRESHOLD = "UPDATE monitoring_alertrule SET own_threshold = %s WHERE slug = %s"


def maintenance_url(url: str) -> str:
    """The database that every PostgreSQL server has: the one that `url` names need not exist yet."""
    return urlunsplit(urlsplit(url)._replace(path="/postgres"))


class Database:
    """A fresh database on the server of `server_url`, read by the harness past the proxy.

    The harness keeps its one connection open: the product under load may use up all that the server has.
    """

    def __init__(self, server_url: str, name: str) -> None:
        self._server_url = server_url
        self._name = name
        self.url = urlunsplit(urlsplit(server_url)._replace(path=f"/{name}"))
        self._server = psycopg2.connect(maintenance_url(server_url))
        self._server.autocommit = True

    def create(self) -> None:
        self._drop_if_there()
        # Not from template1: that must have no other connections, and other tests make databases too.
        self._run_on_server(f'CREATE DATABASE "{self._name}" TEMPLATE template0')
        self._own = psycopg2.connect(self.url)
        self._own.autocommit = True

    def drop(self) -> None:
        self._own.close()
        self._drop_if_there()
        self._server.close()

    def url_through(self, port: int) -> str:
        """The same database at a loopback port: a proxy's."""
        parts = urlsplit(self.url)
        credentials = parts.netloc.rpartition("@")[0]
        return urlunsplit(parts._replace(netloc=f"{credentials}@127.0.0.1:{port}"))

    @property
    def upstream(self) -> Upstream:
        parts = urlsplit(self._server_url)
        host = unquote(parts.hostname or "127.0.0.1")
        if "%2f" in parts.netloc.lower():
            folder = unquote(parts.netloc.rpartition("@")[2].partition(":")[0])
            return f"{folder}/.s.PGSQL.{parts.port or 5432}"
        return host, parts.port or 5432

    def unfinished(self) -> int:
        """How many messages, in or out, are not at an end."""
        return int(self._rows(_UNFINISHED)[0][0])

    def inbound(self) -> list[tuple[Any, ...]]:
        """Rows of (text, sequence, state, reason, run id)."""
        return self._rows(_INBOUND)

    def outbound(self) -> list[tuple[Any, ...]]:
        """Rows of (token, text, state, reason, run id)."""
        return self._rows(_OUTBOUND)

    def runs(self) -> list[tuple[Any, ...]]:
        """Rows of (the user's number, tokens, whether nobody knows them, the second it began)."""
        return self._rows(_RUNS)

    def now(self) -> datetime:
        moment: datetime = self._rows("SELECT now()")[0][0]
        return moment

    def firing_rules(self) -> frozenset[str]:
        """Slugs of the rules that have an alert firing."""
        return frozenset(slug for (slug,) in self._rows(_FIRING))

    def set_threshold(self, slug: str, value: float) -> None:
        """Give a shipped rule a threshold of this site's own."""
        with self._own.cursor() as cursor:
            cursor.execute(_SET_THRESHOLD, [value, slug])

    def set_holds(self, seconds: int) -> None:
        """Let every rule fire when it has been broken for so long."""
        with self._own.cursor() as cursor:
            cursor.execute("UPDATE monitoring_alertrule SET own_hold_seconds = %s", [seconds])

    def rules_fired_since(self, moment: datetime) -> frozenset[str]:
        """Slugs of the rules that had an alert begin to fire since `moment`."""
        return frozenset(slug for (slug,) in self._rows(_FIRED_SINCE, moment))

    def _rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with self._own.cursor() as cursor:
            cursor.execute(query, values)
            return list(cursor.fetchall())

    def _drop_if_there(self) -> None:
        self._run_on_server(f'DROP DATABASE IF EXISTS "{self._name}" WITH (FORCE)')

    def _run_on_server(self, statement: str) -> None:
        with self._server.cursor() as cursor:
            cursor.execute(statement)


class RedisServer:
    """A Redis or Valkey that keeps nothing: killed, it comes back empty."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        program = shutil.which("redis-server") or str(valkey_program())
        self._command = [
            program,
            "--port",
            str(self.port),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--dir",
            str(folder),
        ]
        self._process: subprocess.Popen[bytes] | None = None
        self._restart_at = 0.0

    def start(self) -> None:
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=dies_with_parent(signal.SIGKILL),
        )

    def kill(self, *, restart_after: float) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
        self._restart_at = time.monotonic() + restart_after

    def supervise(self) -> None:
        if self._process is None and time.monotonic() >= self._restart_at:
            self.start()

    def flush(self) -> None:
        """FLUSHALL; a server that is down just now has nothing to flush."""
        with closing(redis.Redis(port=self.port, socket_timeout=2)) as client:
            try:
                client.flushall()
            except redis.ConnectionError:
                return

    def close(self) -> None:
        self.kill(restart_after=float("inf"))


@contextmanager
def redis_server(folder: Path) -> Iterator[RedisServer]:
    server = RedisServer(folder)
    server.start()
    try:
        yield server
    finally:
        server.close()


@contextmanager
def database(server_url: str, name: str) -> Iterator[Database]:
    """Create the database `name`, dropped at the end (and at the start, if a run was killed)."""
    store = Database(server_url, name)
    store.create()
    try:
        yield store
    finally:
        store.drop()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
