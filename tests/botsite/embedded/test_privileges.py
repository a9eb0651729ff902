import os
import stat
import subprocess
from pathlib import Path

import pytest

from botsite.embedded.privileges import NOBODY, _as_user, _can_write, _candidates, server_identity

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root has to become somebody else")


def test_every_way_of_root_reaches_a_closed_folder_and_is_not_root(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    working = [identity for identity in _candidates(0) if _can_write(identity, tmp_path)]

    assert working
    for identity in working:
        seen = subprocess.run([*identity.prefix, "id", "-u"], capture_output=True, text=True, check=True)
        assert seen.stdout.strip() != "0"


def test_the_data_in_a_users_folder_stays_the_users(tmp_path: Path) -> None:
    os.chown(tmp_path, 12345, 12345)

    assert server_identity(tmp_path) == _as_user(12345)


def test_a_missing_program_is_only_a_way_that_does_not_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    assert not _can_write(_as_user(NOBODY), tmp_path)
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o700
