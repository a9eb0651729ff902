"""Encryption of secrets at rest: Fernet with key rotation, and a model field that uses it."""

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import models


@lru_cache(maxsize=1)
def _cipher() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.FIELD_ENCRYPTION_KEYS])


def encrypt(clear: str) -> str:
    """Return the Fernet token of `clear` under the first key; an empty text stays empty."""
    return _cipher().encrypt(clear.encode()).decode() if clear else ""


def decrypt(token: str) -> str:
    """Return what `encrypt` was given. Raises InvalidToken when no key of FIELD_ENCRYPTION_KEY fits."""
    return _cipher().decrypt(token.encode()).decode() if token else ""


if TYPE_CHECKING:
    BaseTextField = models.TextField[str, str]
else:
    BaseTextField = models.TextField


class EncryptedTextField(BaseTextField):
    """A text that is stored encrypted and read in clear. It cannot be searched.

    A value that no live key decrypts reads as empty, so that one lost key does not close the admin.
    """

    def get_prep_value(self, value: Any) -> Any:
        return encrypt(value) if isinstance(value, str) else value

    def from_db_value(self, value: str | None, *_args: object) -> str | None:
        try:
            return decrypt(value) if value else value
        except InvalidToken:
            return ""
