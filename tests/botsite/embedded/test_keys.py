import stat
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from botsite.embedded import EmbeddedError, local_keys


def test_keys_are_made_once_and_kept_private(tmp_path: Path) -> None:
    keys = local_keys(tmp_path / "var")

    assert local_keys(tmp_path / "var") == keys
    assert len(keys.secret_key) >= 50
    assert Fernet(keys.field_encryption_key).decrypt(Fernet(keys.field_encryption_key).encrypt(b"x")) == b"x"
    assert stat.S_IMODE((tmp_path / "var" / "keys.json").stat().st_mode) == 0o600
    assert keys.secret_key not in repr(keys)


def test_processes_that_come_first_at_once_get_the_same_keys(tmp_path: Path) -> None:
    with ProcessPoolExecutor(4, mp_context=get_context("spawn")) as processes:
        found = set(processes.map(local_keys, [tmp_path] * 16))

    assert len(found) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["keys.json"]


@pytest.mark.parametrize("content", ["", "{", "[]", '{"secret_key": "x"}'])
def test_damaged_keys_are_an_error_and_never_replaced(tmp_path: Path, content: str) -> None:
    path = tmp_path / "keys.json"
    path.write_text(content)

    with pytest.raises(EmbeddedError, match=r"keys\.json cannot be read"):
        local_keys(tmp_path)
    assert path.read_text() == content
