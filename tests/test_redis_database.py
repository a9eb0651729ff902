"""Suites that share a Redis server take no number from each other, whatever number each is pointed at."""

import os
import socket
import subprocess

import pytest
import redis

from tests.redis_database import CLAIM_KEY, CLAIMS, ClaimedDatabase, _number, _with_number

HERE = socket.gethostname()


@pytest.fixture
def urls() -> tuple[str, str]:
    """The server of the tests, under two numbers."""
    url = os.environ["REDIS_URL"]
    return _with_number(url, 0), _with_number(url, 3)


def claims(url: str) -> redis.Redis:
    return redis.Redis.from_url(_with_number(url, CLAIMS), decode_responses=True)


def test_suites_of_different_numbers_claim_different_ones(urls: tuple[str, str]) -> None:
    claimed = [ClaimedDatabase(url) for url in urls]
    try:
        numbers = {_number(database.url) for database in claimed}
        assert len(numbers) == 2
        assert not numbers & {CLAIMS, *map(_number, urls[:1])}
        with claims(urls[0]) as store:
            owners = {store.get(CLAIM_KEY.format(number)) for number in numbers}
        assert owners == {f"{HERE}:{os.getpid()}"}
    finally:
        for database in claimed:
            database.release()


def test_a_number_that_a_dead_process_left_is_emptied_and_taken(urls: tuple[str, str]) -> None:
    first = ClaimedDatabase(urls[0])
    number, key = _number(first.url), CLAIM_KEY.format(_number(first.url))
    dead = subprocess.Popen(["true"])
    dead.wait()
    with claims(urls[0]) as store, redis.Redis.from_url(first.url) as left:
        left.set("left", "behind")
        store.set(key, f"{HERE}:{dead.pid}")

        second = ClaimedDatabase(urls[1])

        try:
            assert _number(second.url) == number
            assert left.dbsize() == 0
        finally:
            second.release()
        assert store.get(key) is None
