"""Masking of what must not stand in a log: phone numbers, keys and message texts."""

import re
from collections.abc import MutableMapping
from typing import Any

_PHONE = re.compile(r"(?<![\w.-])(?:\+?\d{10,15}|\+\d[\d ]{9,18})(?![\w-])")
_SECRET = re.compile(r"(?i)(bearer\s+|api-key\s+|sk-|bsk_)[\w.~+/-]{6,}")
_PATH_SECRET = re.compile(r"(/webhook/[^/\s]+/)[^/\s?\"']+")
_HIDDEN_KEYS = frozenset(
    {"text", "body", "question", "prompt", "secret", "token", "api_key", "qr", "payload"}
)


def mask_phone(value: str) -> str:
    """Keep the first two and the last two digits of a number: `57********51`. Shorter names are hidden."""
    digits = value.lstrip("+")
    return f"{digits[:2]}{'*' * (len(digits) - 4)}{digits[-2:]}" if len(digits) > 6 else "***"


def mask_text(value: str) -> str:
    """Return `value` with phone numbers and credentials masked."""
    masked = _PATH_SECRET.sub(r"\1***", value)
    masked = _PHONE.sub(lambda match: mask_phone(match.group()), masked)
    return _SECRET.sub(lambda match: f"{match.group(1)}***", masked)


def mask_event(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """structlog processor: mask every text of a log event and hide the keys that hold private content."""
    for key, value in event.items():
        if key in _HIDDEN_KEYS:
            event[key] = "***"
        elif isinstance(value, str) and key != "timestamp":
            event[key] = mask_text(value)
        elif isinstance(value, list | tuple | dict):
            event[key] = mask_text(repr(value))
    return event
