"""PostgreSQL refuses to run as root: the command prefixes that make root somebody else."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from .errors import EmbeddedError

NOBODY = 65534


@dataclass(frozen=True)
class Identity:
    """How the servers are started: the words before the command, and the uid that their data needs."""

    prefix: tuple[str, ...]
    uid: int


def server_identity(var_dir: Path) -> Identity:
    """Choose how the servers of `var_dir` run; for an ordinary user, as that user."""
    if os.geteuid() != 0:
        return Identity((), os.geteuid())
    owner = var_dir.stat().st_uid
    for identity in _candidates(owner):
        if _can_write(identity, var_dir):
            return identity
    raise EmbeddedError(
        "PostgreSQL does not run as root, and neither unshare nor setpriv works here: "
        "start as an ordinary user, or set DATABASE_URL and REDIS_URL"
    )


def _candidates(owner: int) -> list[Identity]:
    """Root's ways, the best first. In a folder of an ordinary user the data has to stay that user's."""
    if owner:
        return [_as_user(owner)]
    # In a user namespace the process is still root's to the file system, and to itself it is not root.
    namespace = ("unshare", "--user", "--map-user=1000", "--map-group=1000")
    return [Identity(namespace, 0), _as_user(NOBODY)]


def _as_user(uid: int) -> Identity:
    """Another uid that keeps the right to pass folders closed to it, such as root's home."""
    words = ("setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", "--pdeathsig=SIGINT")
    capability = ("--inh-caps=+dac_override", "--ambient-caps=+dac_override")
    return Identity((*words, *capability), uid)


def _can_write(identity: Identity, folder: Path) -> bool:
    probe = folder / f"probe.{os.getpid()}"
    command = [*identity.prefix, "touch", str(probe)]
    try:
        return subprocess.run(command, capture_output=True, check=False, cwd="/").returncode == 0
    except OSError:
        return False
    finally:
        probe.unlink(missing_ok=True)
