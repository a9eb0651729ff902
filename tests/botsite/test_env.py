"""The environment: typed values, and one clear line for what is wrong."""

import os
import subprocess
import sys
from collections.abc import Callable

import pytest

from botsite.env import EnvironmentReader, InvalidEnvironment

Read = Callable[[EnvironmentReader], object]
KEY = "Zml4ZWQ6IHRlc3QgaWRzIG11c3Qgbm90IGNoYW5nZS4="  # fixed: it is part of test names


@pytest.mark.parametrize(
    ("raw", "read", "value"),
    [
        ("1", lambda env: env.flag("X", default=False), True),
        ("", lambda env: env.flag("X", default=True), True),
        ("7", lambda env: env.integer("X", 1), 7),
        ("", lambda env: env.choice("X", "both", ("both", "files")), "both"),
        ("files", lambda env: env.choice("X", "both", ("both", "files")), "files"),
        ("0.5", lambda env: env.seconds("X", 3, minimum=0), 0.5),
        ("", lambda env: env.seconds("X", 3), 3),
        ("a, b,,c", lambda env: env.words("X"), ["a", "b", "c"]),
        (
            "10.0.0.7, 10.1.0.1/16",
            lambda env: [str(n) for n in env.networks("X")],
            ["10.0.0.7/32", "10.1.0.0/16"],
        ),
        ("a=1, b = 20,", lambda env: env.numbers("X", known="ab"), {"a": 1, "b": 20}),
        ("", lambda env: env.numbers("X", known="ab"), {}),
        ("gw.lan, 10.0.0.0/8,::1", lambda env: env.hosts("X"), ["gw.lan", "10.0.0.0/8", "::1"]),
        ("https://example.com/v1/", lambda env: env.url("X"), "https://example.com/v1"),
        (f"{KEY},{KEY}", lambda env: env.fernet_keys("X"), [KEY, KEY]),
    ],
)
def test_values_are_read_by_type(
    monkeypatch: pytest.MonkeyPatch, raw: str, read: Read, value: object
) -> None:
    monkeypatch.setenv("X", raw)

    assert read(EnvironmentReader()) == value


@pytest.mark.parametrize(
    ("raw", "read", "message"),
    [
        ("maybe", lambda env: env.flag("X", default=False), "X is 'maybe': expected 0 or 1"),
        ("disk", lambda env: env.choice("X", "a", ("a", "b")), "X is 'disk': expected one of a, b"),
        ("0", lambda env: env.integer("X", 1), "X is '0': expected a whole number of at least 1"),
        ("9", lambda env: env.integer("X", 1, maximum=8), "at least 1 and at most 8"),
        ("1.5", lambda env: env.integer("X", 1), "X is '1.5': expected a whole number"),
        ("nan", lambda env: env.seconds("X", 3), "X is 'nan': expected seconds, at least 1"),
        ("inf", lambda env: env.seconds("X", 3), "X is 'inf': expected seconds"),
        ("-1", lambda env: env.seconds("X", 3, minimum=0), "X is '-1': expected seconds, at least 0"),
        (
            "3600000",
            lambda env: env.seconds("X", 3600, maximum=86400, hint=" (not milliseconds)"),
            "X is '3600000': expected seconds, at least 1 and at most 86400 (not milliseconds)",
        ),
        ("http://gw.lan", lambda env: env.hosts("X"), "X is 'http://gw.lan': expected host names"),
        (
            "ftp://x",
            lambda env: env.url("X"),
            "X is 'ftp://x': expected a URL starting with http:// or https://",
        ),
        ("10.0.0.0/99", lambda env: env.networks("X"), "X is '10.0.0.0/99': expected addresses or networks"),
        (
            "c=1",
            lambda env: env.numbers("X", known="ab"),
            "X is 'c=1': expected name=number, comma",
        ),
        ("a=-1", lambda env: env.numbers("X", known="ab"), "X is 'a=-1': expected name=number"),
        ("a", lambda env: env.numbers("X", known="ab"), "X is 'a': expected name=number"),
        ("http://[", lambda env: env.url("X"), "expected a URL"),
    ],
)
def test_an_invalid_value_is_named_with_what_is_expected(
    monkeypatch: pytest.MonkeyPatch, raw: str, read: Read, message: str
) -> None:
    monkeypatch.setenv("X", raw)

    with pytest.raises(InvalidEnvironment) as raised:
        read(EnvironmentReader())
    assert message in str(raised.value)


def test_secrets_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("X", f"{KEY},not-a-key")
    with pytest.raises(InvalidEnvironment) as keys:
        EnvironmentReader().fernet_keys("X")
    monkeypatch.setenv("X", "mysql://user:hunter2@db/name")
    with pytest.raises(InvalidEnvironment) as url:
        EnvironmentReader().url("X", schemes=("postgres",))

    assert KEY not in str(keys.value)
    assert "not-a-key" not in str(keys.value)
    assert "hunter2" not in str(url.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BUFFER_SECONDS", "soon"),
        ("DATABASE_URL", "mysql://x"),
        ("FIELD_ENCRYPTION_KEY", "short"),
        ("CLEANUP_INTERVAL", "3600000"),
        ("ACTIVITY_DELAY_SECONDS", "-1"),
        ("THREAD_MAX_AGE_HOURS", "0"),
        ("DEBUG", "perhaps"),
        ("INVENTORY_WSDL_URL", "file:///etc/passwd"),
        ("INVENTORY_TIMEOUT_SECONDS", "60"),
    ],
)
def test_the_start_stops_with_one_line(name: str, value: str) -> None:
    started = subprocess.run(
        [sys.executable, "-c", "import botsite.settings"],
        env={**os.environ, name: value},
        capture_output=True,
        text=True,
        check=False,
    )

    assert started.returncode == 1
    assert started.stderr.startswith(f"botsite: {name} is ")
    assert started.stderr.count("\n") == 1


@pytest.mark.parametrize("name", ["DATABASE_URL", "SECRET_KEY", "FIELD_ENCRYPTION_KEY"])
def test_in_production_nothing_is_made_up(name: str, tmp_path: object) -> None:
    given = {
        "DATABASE_URL": "postgres://db/x",
        "REDIS_URL": "redis://cache",
        "SECRET_KEY": "s" * 50,
        "FIELD_ENCRYPTION_KEY": KEY,
        "VAR_DIR": str(tmp_path),
        "PATH": os.environ["PATH"],
    }
    del given[name]

    started = subprocess.run(
        [sys.executable, "-c", "import botsite.settings"],
        env=given,
        capture_output=True,
        text=True,
        check=False,
    )

    assert started.returncode == 1
    assert started.stderr.startswith(f"botsite: {name} is not set: expected ")
