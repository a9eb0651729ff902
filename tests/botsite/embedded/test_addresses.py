from pathlib import Path

import dj_database_url
import pytest

from botsite.embedded import broker_url, service_urls
from botsite.embedded.addresses import socket_path


def test_the_addresses_of_a_folder_are_the_same_every_time(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(tmp_path)

    assert service_urls(tmp_path) == service_urls(tmp_path) == service_urls(link)


def test_two_checkouts_do_not_share_servers(tmp_path: Path) -> None:
    assert service_urls(tmp_path / "a" / "var") != service_urls(tmp_path / "b" / "var")


def test_socket_paths_stay_short_however_long_the_folder_is(tmp_path: Path) -> None:
    sockets = socket_path(tmp_path / ("x" * 240) / ("y" * 240))

    assert len(str(sockets / ".s.PGSQL.5432.lock")) < 90


def test_django_reads_the_database_address(tmp_path: Path) -> None:
    parsed = dj_database_url.parse(service_urls(tmp_path).database)

    assert parsed["HOST"] == str(socket_path(tmp_path))
    assert (parsed["NAME"], parsed["USER"]) == ("botsite", "botsite")


@pytest.mark.parametrize(
    ("redis_url", "celery_url"),
    [
        ("unix:///tmp/x/valkey.sock?db=3", "redis+socket:///tmp/x/valkey.sock?virtual_host=3"),
        ("unix:///tmp/x/valkey.sock", "redis+socket:///tmp/x/valkey.sock?virtual_host=0"),
        ("unix://user:word@/run/redis.sock?db=1", "redis+socket://user:word@/run/redis.sock?virtual_host=1"),
        ("redis://127.0.0.1:6379/2", "redis://127.0.0.1:6379/2"),
        ("rediss://user:word@cache:6380/0", "rediss://user:word@cache:6380/0"),
    ],
)
def test_celery_gets_its_own_form_of_the_redis_address(redis_url: str, celery_url: str) -> None:
    assert broker_url(redis_url) == celery_url
