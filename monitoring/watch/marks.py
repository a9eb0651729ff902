"""Marks that all processes see without Postgres: in Redis, else, for one host, as files under VAR_DIR."""

import time
from contextlib import suppress
from pathlib import Path

from django.conf import settings
from django_redis import get_redis_connection
from redis import Redis, RedisError

_KEY = "botsite:alerts:mark:{}"


def mark_set(name: str, *, seconds: float) -> bool:
    """Set a mark for so long; False when it was set already: somebody else does what it stands for."""
    try:
        return bool(_redis().set(_KEY.format(name), "1", nx=True, px=int(seconds * 1000)))
    except (RedisError, OSError):
        return _file_set(_path(name), seconds)


def mark_clear(name: str) -> bool:
    """Take a mark away; of several that try, one gets True."""
    was_set = False
    with suppress(RedisError, OSError):  # it runs out by itself
        was_set = bool(_redis().delete(_KEY.format(name)))
    try:
        _path(name).unlink()
    except OSError:
        return was_set
    return True


def _redis() -> Redis:
    client: Redis = get_redis_connection("default")
    return client


def _path(name: str) -> Path:
    return settings.VAR_DIR / "marks" / name


def _file_set(path: Path, seconds: float) -> bool:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and time.time() - path.stat().st_mtime > seconds:
            path.unlink(missing_ok=True)
        path.open("x").close()
    except FileExistsError:
        return False
    except OSError:
        return True  # rather told twice than not at all
    return True
