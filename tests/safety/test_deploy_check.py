"""`check --deploy` under the settings of production has nothing to say."""

import os
import secrets
import subprocess
import sys
from pathlib import Path

from cryptography.fernet import Fernet

ROOT = Path(__file__).resolve().parents[2]


def check(tmp_path: Path, *words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    production = {
        "PATH": os.environ["PATH"],
        "HOME": os.environ.get("HOME", "/"),
        "DATABASE_URL": os.environ["DATABASE_URL"],
        "REDIS_URL": os.environ["REDIS_URL"],
        "SECRET_KEY": secrets.token_urlsafe(60),
        "FIELD_ENCRYPTION_KEY": Fernet.generate_key().decode(),
        "ALLOWED_HOSTS": "bot.example.com",
        "TRUSTED_PROXIES": "127.0.0.1",
        "OPENAI_API_KEY": "key",
        "VAR_DIR": str(tmp_path),
        "LOG_DIR": str(tmp_path / "logs"),
    }
    return subprocess.run(
        [sys.executable, "manage.py", *words],
        cwd=ROOT,
        env=production | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_production_settings_are_clean(tmp_path: Path) -> None:
    ended = check(tmp_path, "check", "--deploy", "--fail-level", "WARNING")

    assert (ended.returncode, ended.stderr.count("WARNING")) == (0, 0), ended.stderr
    assert "no issues" in ended.stdout


def test_the_check_would_notice(tmp_path: Path) -> None:
    ended = check(tmp_path, "check", "--deploy", "--fail-level", "WARNING", HTTPS="0", ALLOWED_HOSTS="*")

    assert ended.returncode == 1
    assert all(f"({code})" in ended.stderr for code in ("security.W012", "security.W016", "botsite.W001"))


def test_what_a_browser_is_told_follows_the_environment(tmp_path: Path) -> None:
    names = "SECURE_HSTS_SECONDS SESSION_COOKIE_SECURE LANGUAGE_COOKIE_SECURE SECURE_PROXY_SSL_HEADER"
    script = f"from django.conf import settings; print(*(getattr(settings, n) for n in '{names}'.split()))"

    default = check(tmp_path, "shell", "-v0", "-c", script).stdout
    chosen = check(tmp_path, "shell", "-v0", "-c", script, HSTS_SECONDS="31536000", TRUSTED_PROXIES="").stdout
    local = check(tmp_path, "shell", "-v0", "-c", script, HTTPS="0").stdout

    assert default.split(maxsplit=3) == ["3600", "True", "True", "('HTTP_X_FORWARDED_PROTO', 'https')\n"]
    assert chosen.split() == ["31536000", "True", "True", "None"]
    assert local.split() == ["0", "False", "False", "None"]
