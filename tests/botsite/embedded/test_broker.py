"""Celery's road through a unix socket, with its own client library and a real server."""

from pathlib import Path

import pytest
import redis
from kombu import Connection

from botsite import embedded

pytestmark = pytest.mark.stack


@pytest.mark.parametrize("database", [0, 3])
def test_a_task_goes_through_the_private_broker(tmp_path: Path, database: int) -> None:
    services = embedded.ensure_running(tmp_path, ("valkey",))
    address = embedded.service_urls(tmp_path).redis.replace("db=0", f"db={database}")

    with Connection(embedded.broker_url(address)) as connection:
        queue = connection.SimpleQueue("work")
        queue.put({"task": 1})
        with redis.Redis.from_url(address) as cache:
            assert cache.llen("work") == 1
        received = queue.get(timeout=3)
        received.ack()
        queue.close()
        assert received.payload == {"task": 1}
    services.close()
