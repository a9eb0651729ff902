"""A numbered Redis database for this process alone, so that a test may flush it.

The database that a URL names is never flushed and gets nothing but the claims: keys that say which number is
in use by which process. A number is claimed only when it is empty, or left behind by a process that died.
"""

import os
import socket
from urllib.parse import parse_qs, urlsplit, urlunsplit

import redis

CLAIM_KEY = "botsite:test-database:{}"
DATABASES = 16  # Redis's default; a higher configured count is not needed


class ClaimedDatabase:
    """The claim of a number beside `url`; `url` of the instance names that number."""

    def __init__(self, url: str) -> None:
        self._named = redis.Redis.from_url(url, decode_responses=True)
        self._owner = f"{socket.gethostname()}:{os.getpid()}"
        number = next(
            (n for n in range(DATABASES - 1, -1, -1) if n != _number(url) and self._claim(url, n)), None
        )
        if number is None:
            raise SystemExit(f"tests: no empty Redis database beside {url.rsplit('@', 1)[-1]}")
        self._key = CLAIM_KEY.format(number)
        self.url = _with_number(url, number)

    def release(self) -> None:
        with redis.Redis.from_url(self.url) as claimed:
            claimed.flushdb()
        self._named.delete(self._key)
        self._named.close()

    def _claim(self, url: str, number: int) -> bool:
        key = CLAIM_KEY.format(number)
        with redis.Redis.from_url(_with_number(url, number)) as candidate:
            if self._named.set(key, self._owner, nx=True):
                if candidate.dbsize() == 0:
                    return True
                self._named.delete(key)
                return False
            if not _was_left_behind(str(self._named.get(key))):
                return False
            self._named.set(key, self._owner)
            candidate.flushdb()
            return True


def _was_left_behind(owner: str) -> bool:
    host, _, pid = owner.rpartition(":")
    if host != socket.gethostname() or not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        pass
    return False


def _number(url: str) -> int:
    parts = urlsplit(url)
    named = parse_qs(parts.query).get("db", [""])[0] or (
        "" if parts.scheme == "unix" else parts.path.strip("/")
    )
    return int(named or 0)


def _with_number(url: str, number: int) -> str:
    parts = urlsplit(url)
    if parts.scheme == "unix":
        return f"unix://{parts.netloc}{parts.path}?db={number}"
    return urlunsplit(parts._replace(path=f"/{number}", query=""))
