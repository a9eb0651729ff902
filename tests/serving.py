"""Fixtures for whoever imports them: a database behind a proxy, as a process that serves sees it."""

from collections.abc import Iterator

import pytest
from django.db import connection

from botsite.postgres import waiting
from botsite.postgres.bound import bound
from botsite.postgres.limits import Limits, limits, serve
from tests.faults.proxy import TcpProxy, Upstream


@pytest.fixture
def serving() -> Iterator[None]:
    """The limits of a web process or worker; the test's thread has no connection from before."""
    patient = Limits(limits.connect, limits.statement, limits.keeps)
    connection.close()
    serve(4)
    yield
    limits.connect, limits.statement, limits.keeps = patient.connect, patient.statement, patient.keeps
    waiting._silence.end()
    connection.close()
    bound.drop_idle()


@pytest.fixture
def database_proxy(transactional_db: None, serving: None) -> Iterator[TcpProxy]:
    """The proxy through which the test's thread reaches its database."""
    at = connection.settings_dict
    host, port = at["HOST"], at["PORT"]
    connection.close()
    with TcpProxy(_upstream(host or "127.0.0.1", int(port or 5432))) as proxy:
        at["HOST"], at["PORT"] = "127.0.0.1", proxy.port
        yield proxy
        proxy.set_mode("pass")
        connection.close()
        at["HOST"], at["PORT"] = host, port


def _upstream(host: str, port: int) -> Upstream:
    return f"{host}/.s.PGSQL.{port}" if host.startswith("/") else (host, port)
