"""Where the private servers of a folder listen: the same answer in every process, with nothing touched."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

# The path of a socket may have 107 bytes; folders are longer. Not TMPDIR: a shell and cron differ in it.
SHARED_TEMPORARY_FOLDER = Path("/tmp")  # noqa: S108  the folder made in it is private and its owner is verified
DATABASE_NAME = "botsite"
DATABASE_USER = "botsite"
VALKEY_SOCKET_NAME = "valkey.sock"


@dataclass(frozen=True, kw_only=True)
class ServiceUrls:
    database: str
    redis: str


def folder_owner(var_dir: Path) -> int:
    """The uid that the servers of `var_dir` work for: the folder's owner, which root serves too."""
    try:
        return var_dir.stat().st_uid
    except OSError:
        return os.geteuid()


def socket_path(var_dir: Path) -> Path:
    """The folder of both sockets, unique for the owner and the real place of `var_dir`."""
    digest = hashlib.sha256(os.fsencode(os.path.realpath(var_dir))).hexdigest()[:8]
    return SHARED_TEMPORARY_FOLDER / f"botsite-{folder_owner(var_dir)}-{digest}"


def service_urls(var_dir: Path) -> ServiceUrls:
    """The addresses of the private servers whose data is under `var_dir`, running or not."""
    sockets = socket_path(var_dir)
    return ServiceUrls(
        database=f"postgres://{DATABASE_USER}@{quote(str(sockets), safe='')}/{DATABASE_NAME}",
        redis=f"unix://{sockets / VALKEY_SOCKET_NAME}?db=0",
    )


def broker_url(redis_url: str) -> str:
    """Celery's form of a Redis URL: it spells unix sockets differently; the others stay as they are."""
    parts = urlsplit(redis_url)
    if parts.scheme != "unix":
        return redis_url
    database = parse_qs(parts.query).get("db", ["0"])[0]
    return f"redis+socket://{parts.netloc}{parts.path}?virtual_host={database}"
