"""A numbered Redis database for this process alone, so that a test may flush it.

The database that a URL names is never touched, and number 0 gets nothing but the claims: keys that say which
number is in use by which process, in one place for all suites of the server whatever number they are given. A
number is claimed only when it is empty, or left behind by a process that died.
"""

import os
import socket
from urllib.parse import parse_qs, urlsplit, urlunsplit

import redis

CLAIM_KEY = "botsite:test-database:{}"
CLAIMS = 0
DATABASES = 16  # Redis's default; a higher configured count is not needed
# Of several processes that find the claim of a dead one, only one takes it over.
TAKE_OVER = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2])
return 1
"""


class ClaimedDatabase:
    """The claim of a number beside `url`; `url` of the instance names that number."""

    def __init__(self, url: str) -> None:
        self._claims = redis.Redis.from_url(_with_number(url, CLAIMS), decode_responses=True)
        self._owner = f"{socket.gethostname()}:{os.getpid()}"
        own = {CLAIMS, _number(url)}
        number = next((n for n in reversed(range(DATABASES)) if n not in own and self._claim(url, n)), None)
        if number is None:
            raise SystemExit(f"tests: no empty Redis database beside {url.rsplit('@', 1)[-1]}")
        self._key = CLAIM_KEY.format(number)
        self.url = _with_number(url, number)

    def release(self) -> None:
        with redis.Redis.from_url(self.url) as claimed:
            claimed.flushdb()
        self._claims.delete(self._key)
        self._claims.close()

    def _claim(self, url: str, number: int) -> bool:
        key = CLAIM_KEY.format(number)
        with redis.Redis.from_url(_with_number(url, number)) as candidate:
            if self._claims.set(key, self._owner, nx=True):
                if candidate.dbsize() == 0:
                    return True
                self._claims.delete(key)
                return False
            owner = str(self._claims.get(key))
            if not _was_left_behind(owner) or not self._claims.eval(TAKE_OVER, 1, key, owner, self._owner):
                return False
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
