"""The facts about the machine without which a figure means nothing."""

import os
import platform
from contextlib import closing

import django
import psycopg2
import redis

from benchmarks.bench import House


def machine_facts(house: House) -> dict[str, str]:
    """Return what to print above the results. The load is the last minute's, before anything was measured."""
    return {
        "cores": str(len(os.sched_getaffinity(0))),
        "load": f"{os.getloadavg()[0]:.1f}",
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "django": django.get_version(),
        "database": _postgres_version(house.database_url),
        "cache": _redis_version(house.redis_url),
    }


def _postgres_version(url: str) -> str:
    with closing(psycopg2.connect(url)) as connection:
        return f"PostgreSQL {connection.get_parameter_status('server_version')}"


def _redis_version(url: str) -> str:
    with redis.Redis.from_url(url, decode_responses=True) as client:
        facts = client.info("server")
    name = facts.get("server_name", "redis")
    return f"{name} {facts.get(f'{name}_version', facts['redis_version'])}"
