"""The keys of a machine that has none configured: made once, kept for ever."""

import base64
import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

from .errors import EmbeddedError
from .files import open_private, private_folder


@dataclass(frozen=True, repr=False)
class LocalKeys:
    secret_key: str
    field_encryption_key: str


def local_keys(var_dir: Path) -> LocalKeys:
    """Return the keys kept under `var_dir` (mode 0600), making them at the first call.

    Two processes may come first at once: both get the same keys.
    """
    path = private_folder(var_dir) / "keys.json"
    if not path.exists():
        _publish(path, _new_keys())
    try:
        return LocalKeys(**json.loads(path.read_text()))
    except (OSError, ValueError, TypeError):
        raise EmbeddedError(f"{path} cannot be read: without its keys the stored secrets are lost") from None


def _new_keys() -> LocalKeys:
    fernet_key = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
    return LocalKeys(secret_key=secrets.token_urlsafe(50), field_encryption_key=fernet_key)


def _publish(path: Path, keys: LocalKeys) -> None:
    """Make `path` appear complete or not at all; who comes second leaves the first one's file."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    with open(open_private(draft, os.O_WRONLY | os.O_TRUNC), "w") as file:
        json.dump(asdict(keys), file)
        file.flush()
        os.fsync(file.fileno())
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
