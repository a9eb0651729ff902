"""Typed reading of environment variables: one clear line when a value is not what it has to be."""

import os
import re
from collections.abc import Callable, Collection, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any, TypeVar
from urllib.parse import urlsplit

import dj_email_url
from cryptography.fernet import Fernet
from environs import Env, EnvError

Value = TypeVar("Value")
_EMAIL_KEYS = (
    *("EMAIL_BACKEND", "EMAIL_HOST", "EMAIL_PORT", "EMAIL_HOST_USER", "EMAIL_HOST_PASSWORD"),
    *("EMAIL_USE_TLS", "EMAIL_USE_SSL"),
)
HOST_NAME = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.?")


class InvalidEnvironment(Exception):
    """A variable holds something unusable; the message names it, what it was and what is expected."""

    def __init__(self, name: str, raw: str | None, expected: str) -> None:
        was = "is not set" if raw is None else f"is {raw!r}"
        super().__init__(f"{name} {was}: expected {expected}")


class EnvironmentReader:
    """Reads variables by type. An empty variable counts as unset."""

    def __init__(self) -> None:
        self._env = Env()

    def text(self, name: str, default: str = "") -> str:
        return os.environ.get(name) or default

    def flag(self, name: str, *, default: bool) -> bool:
        return self._parse(name, default, self._env.bool, "0 or 1")

    def integer(self, name: str, default: int, *, minimum: int = 1, maximum: int | None = None) -> int:
        expected = f"a whole number of at least {minimum}" + (f" and at most {maximum}" if maximum else "")
        value = self._parse(name, default, self._env.int, expected)
        if value < minimum or (maximum is not None and value > maximum):
            raise InvalidEnvironment(name, os.environ.get(name), expected)
        return value

    def seconds(
        self, name: str, default: float, *, minimum: float = 1, maximum: float | None = None, hint: str = ""
    ) -> float:
        """A duration in seconds, fractions allowed; `hint` is added to the error above `maximum`."""
        expected = f"seconds, at least {minimum:g}" + (f" and at most {maximum:g}" if maximum else "")
        value = self._parse(name, default, self._env.float, expected)
        if maximum is not None and value > maximum:
            raise InvalidEnvironment(name, os.environ.get(name), expected + hint)
        if not value >= minimum or value == float("inf"):
            raise InvalidEnvironment(name, os.environ.get(name), expected)
        return value

    def choice(self, name: str, default: str, choices: Sequence[str]) -> str:
        value = self.text(name, default)
        if value not in choices:
            raise InvalidEnvironment(name, value, "one of " + ", ".join(choices))
        return value

    def words(self, name: str, default: list[str] | None = None) -> list[str]:
        """A comma-separated list without its empty parts."""
        return [word.strip() for word in self.text(name).split(",") if word.strip()] or list(default or [])

    def networks(self, name: str) -> list[IPv4Network | IPv6Network]:
        """A comma-separated list of addresses and networks: `10.0.0.7, 192.168.0.0/16`."""
        found = []
        for word in self.words(name):
            try:
                found.append(ip_network(word, strict=False))
            except ValueError:
                raise InvalidEnvironment(name, word, "addresses or networks, comma-separated") from None
        return found

    def numbers(self, name: str, *, known: Collection[str]) -> dict[str, int]:
        """Whole numbers by name, of the names that are known: `send_whapi=20, ip=300`."""
        found = {}
        for word in self.words(name):
            key, _, value = (part.strip() for part in word.partition("="))
            if key not in known or not (value.isascii() and value.isdecimal()) or len(value) > 9:
                expected = f"name=number, comma-separated, of {', '.join(sorted(known))}"
                raise InvalidEnvironment(name, word, expected)
            found[key] = int(value)
        return found

    def hosts(self, name: str) -> list[str]:
        """A comma-separated list of host names, addresses and networks: `gateway.lan, 10.0.0.0/8`."""
        words = self.words(name)
        for word in words:
            try:
                ip_network(word, strict=False)
            except ValueError:
                if not HOST_NAME.fullmatch(word):
                    expected = "host names, addresses or networks, comma-separated"
                    raise InvalidEnvironment(name, word, expected) from None
        return words

    def url(self, name: str, default: str = "", *, schemes: tuple[str, ...] = ("http", "https")) -> str:
        """An absolute URL of one of `schemes`, without trailing slashes; the error hides its password."""
        value = self.text(name, default)
        if not value:
            return ""
        expected = "a URL starting with " + " or ".join(f"{scheme}://" for scheme in schemes)
        try:
            parts = urlsplit(value)
            valid = parts.scheme in schemes and bool(parts.netloc or parts.path)
        except ValueError:
            valid = False
        if not valid:
            raise InvalidEnvironment(name, value.rsplit("@", 1)[-1], expected)
        return value.rstrip("/")

    def email(self, name: str) -> dict[str, Any]:
        """Django's EMAIL_ settings from `smtp://user:password@host:587/?tls=True`; unset: none are sent."""
        if not os.environ.get(name):
            return {"EMAIL_BACKEND": "django.core.mail.backends.dummy.EmailBackend"}
        found = dj_email_url.parse(self.url(name, schemes=("smtp", "smtps", "submission")))
        return {key: found[key] for key in _EMAIL_KEYS if found[key] is not None}

    def fernet_keys(self, name: str, default: str = "") -> list[str]:
        """One or more Fernet keys; the first encrypts, all decrypt. The error never shows a key."""
        keys = [key.strip() for key in self.text(name, default).split(",") if key.strip()]
        for position, key in enumerate(keys, start=1):
            try:
                Fernet(key)
            except (ValueError, TypeError):
                shown = f"<{len(key)} characters, key {position} of {len(keys)}>"
                expected = "Fernet keys of 44 url-safe base64 characters, comma-separated"
                raise InvalidEnvironment(name, shown, expected) from None
        return keys

    def _parse(self, name: str, default: Value, parse: Callable[..., Value], expected: str) -> Value:
        if not os.environ.get(name):
            return default
        try:
            return parse(name)
        except EnvError:
            raise InvalidEnvironment(name, os.environ.get(name), expected) from None
