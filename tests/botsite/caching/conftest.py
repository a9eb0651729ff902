"""Stores of these tests' own, which they may stop, and processes that use them."""

import os
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import redis
from django.db import connection

from tests.botsite.caching.peer import Peer, started
from tests.caching import NEVER
from tests.faults.proxy import TcpProxy
from tests.faults.stores import Database, RedisServer, redis_server
from tests.processes import wait_until

USER: dict[str, Any] = {"channel": "shop", "user": "573003913251"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with redis_server(tmp_path_factory.mktemp("redis")) as server:
        wait_until(lambda: answers(server))
        yield server


@pytest.fixture(scope="module")
def way(server: RedisServer) -> Iterator[TcpProxy]:
    """The way to Redis of the process `peer`."""
    with TcpProxy(("127.0.0.1", server.port)) as proxy:
        yield proxy


@pytest.fixture(scope="module")
def database_way(django_db_setup: None) -> Iterator[TcpProxy]:
    """The way to Postgres of the process `peer`."""
    with TcpProxy(Database(os.environ["DATABASE_URL"], "").upstream) as proxy:
        yield proxy


@pytest.fixture(scope="module")
def peers(server: RedisServer, way: TcpProxy, database_way: TcpProxy) -> Iterator[tuple[Peer, Peer]]:
    parts = urlsplit(os.environ["DATABASE_URL"])._replace(path="/" + connection.settings_dict["NAME"])
    credentials = parts.netloc.rpartition("@")[0]
    by_way = parts._replace(netloc=f"{credentials}@127.0.0.1:{database_way.port}")
    with (
        started(DATABASE_URL=by_way.geturl(), REDIS_URL=f"redis://127.0.0.1:{way.port}/0") as peer,
        started(DATABASE_URL=parts.geturl(), REDIS_URL=f"redis://127.0.0.1:{server.port}/0") as other,
    ):
        yield peer, other


@pytest.fixture
def peer(
    peers: tuple[Peer, Peer], way: TcpProxy, database_way: TcpProxy, transactional_db: None
) -> Iterator[Peer]:
    """A process whose ways to its stores the test may close."""
    for each in peers:
        each.ask("replay_every", seconds=NEVER, settling=0)  # only a test that is about it is to see it
    wait_until(lambda: peers[0].ask("hears"))
    yield peers[0]
    way.set_mode("pass")
    database_way.set_mode("pass")
    _empty(*peers)


@pytest.fixture
def other(peers: tuple[Peer, Peer], peer: Peer) -> Peer:
    """Another process, whose ways stay open."""
    wait_until(lambda: peers[1].ask("hears"))
    return peers[1]


def answers(server: RedisServer) -> bool:
    with redis.Redis(port=server.port) as client:
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False


def _empty(*peers: Peer) -> None:
    wait_until(lambda: all(each.ask("hears") for each in peers))
    for each in peers:
        for layer in ("client_data", "status", "function_result"):
            each.ask("invalidate_matching", layer, parts={})
