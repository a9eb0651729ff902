"""Masking of what must not stand in a log: phone numbers, keys, names and message texts.

What is private by its field is declared: here for the site, in `providers/<x>` for what a provider sends.
What is private by its form, wherever it stands, is masked by `mask_text`.
"""

import re
from collections.abc import Iterable, Mapping, MutableMapping
from functools import lru_cache
from typing import Any

from botsite.telemetry.exception_text import describe

MASK = "***"
SHORTEST_SECRET = 8
LONGEST_TEXT = 20_000  # characters; what follows is cut off
_DEEPEST = 6

_SITE_FIELDS = frozenset(
    {
        "text",
        "body",
        "question",
        "answer",
        "prompt",
        "instructions",
        "secret",
        "token",
        "password",
        "authorization",
        "api_key",
        "app_secret",
        "access_token",
        "verify_token",
        "qr",
        "payload",
        "user_name",
        "full_name",
        "first_name",
        "last_name",
        "pushname",
        "email",
        "exc",
        "traceback",
        "args",
        "kwargs",
        "cookie",
    }
)
_UNMASKED_FIELDS = frozenset({"timestamp", "level", "logger"})
_ARE_NUMBERS = (int, float, type(None))

# Meta's ids hold the number in base64, in front; what follows tells them apart.
_WHATSAPP_ID = re.compile(r"\bwamid\.[\w+/=-]+")
_ID_WITHOUT_NUMBER = 40
_JID = re.compile(r"(?<!\w)\+?(\d{5,20})(?=(?:[:.-]\d+)*@[a-z.]+)")
# Words alone, as most of what is logged: none of the patterns can match, so that none is tried.
_HARMLESS = re.compile(r"(?!.*(?i:bearer|api|secret|bsk_|eaa|aiza|wamid))[A-Za-z_ .,]{0,200}")
_PHONE = re.compile(r"(?<![A-Za-z\d.-])(?:\+?\d{10,15}|\+?\(?\d{1,4}\)?(?:[ .-]\(?\d{2,5}\)?){2,5})(?![\w-])")
_TIME = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d)?")
_ADDRESS = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")
_SECRET = re.compile(
    r"(?i)((?:bearer|api-key)[ :=]+|x-webhook-secret[ :=]+|\bsk-|\bbsk_|\bEAA|\bAIza|\bsha256=)[\w.~+/=-]{6,}"
)
_PATH_SECRET = re.compile(r"(/webhook/[^/\s]+/)[^/\s?\"']+")
_QUERY = re.compile(r"([?&][\w.\[\]%-]+=)[^&\s\"'<>]+")
_USER_INFO = re.compile(r"(://)[^/@\s\"']+@")
_SQL_VALUES = re.compile(r"(?s)\b(DETAIL:|Key \([^)]*\)=|Failing row contains|CONTEXT:).*")

_declared_fields: set[str] = set(_SITE_FIELDS)
_declared_values: set[str] = set()


def hide_fields(names: Iterable[str]) -> None:
    """Never show the values of these fields, be it as a log event's own or within JSON."""
    _declared_fields.update(name.lower() for name in names)
    _field_pattern.cache_clear()


def hide_values(values: Iterable[str]) -> None:
    """Never show these values, wherever they stand. What is shorter than SHORTEST_SECRET is no secret."""
    _declared_values.update(value for value in values if len(value) >= SHORTEST_SECRET)
    _value_pattern.cache_clear()


def mask_phone(value: str) -> str:
    """Keep the first two and the last two digits of a number: `57********51`. Shorter names are hidden."""
    digits = value.lstrip("+")
    return f"{digits[:2]}{'*' * (len(digits) - 4)}{digits[-2:]}" if len(digits) > 6 else MASK


def mask_text(value: str) -> str:
    """Return `value` with phone numbers, credentials, query values and private JSON fields masked."""
    masked = value[:LONGEST_TEXT]
    if _declared_values:
        masked = _value_pattern().sub(MASK, masked)
    if _HARMLESS.fullmatch(masked):
        return masked
    if ":" in masked or "=" in masked:
        masked = _SQL_VALUES.sub(rf"\1 {MASK}", masked)
        masked = _field_pattern().sub(rf"\1{MASK}", masked)
        masked = _USER_INFO.sub(rf"\1{MASK}@", _QUERY.sub(rf"\1{MASK}", masked))
    masked = _PATH_SECRET.sub(rf"\1{MASK}", masked)
    masked = _SECRET.sub(lambda match: f"{match.group(1)}{MASK}", masked)
    masked = _WHATSAPP_ID.sub(_masked_id, masked)
    masked = _JID.sub(lambda match: mask_phone(match.group(1)), masked)
    return _PHONE.sub(_masked_number, masked)


def mask_value(value: object, *, depth: int = 0) -> Any:
    """Return a copy of a log event's value that JSON can hold, masked throughout."""
    match value:
        case str():
            return mask_text(value)
        case bool() | None:
            return value
        case int() | float():
            return value if len(str(value)) < 10 or isinstance(value, float) else mask_text(str(value))
        case BaseException():
            return mask_text(describe(value))
        case Mapping() if depth < _DEEPEST:
            return {mask_text(str(key)): _field(str(key), item, depth + 1) for key, item in value.items()}
        case list() | tuple() | set() | frozenset() if depth < _DEEPEST:
            return [mask_value(item, depth=depth + 1) for item in value]
        case _:
            return mask_text(str(value))


def mask_event(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """structlog processor: mask every value of a log event and hide the fields that hold private content."""
    for key, value in event.items():
        if key not in _UNMASKED_FIELDS:
            event[key] = _field(key, value, 0)
    return event


def mask_arguments(arguments: object) -> Any:
    """Return the arguments of another library's log call (`record.args`) for its message, masked."""
    match arguments:
        case Mapping():
            return {key: _argument(key, value) for key, value in arguments.items()}
        case tuple():
            return tuple(_argument("", value) for value in arguments)
        case _:
            return arguments


def _argument(key: object, value: object) -> object:
    if isinstance(value, _ARE_NUMBERS):  # the message may say %d; numbers are masked in the message
        return value
    return _field(str(key), value, _DEEPEST)


def _field(key: str, value: object, depth: int) -> Any:
    if key.lower() in _declared_fields and value not in (None, "", True, False):
        return MASK
    return mask_value(value, depth=depth)


def _masked_id(match: re.Match[str]) -> str:
    return f"wamid.{MASK}{match.group()[_ID_WITHOUT_NUMBER:]}"


def _masked_number(match: re.Match[str]) -> str:
    found = match.group()
    digits = re.sub(r"\D", "", found)
    is_number = 9 <= len(digits) <= 16 and not (_TIME.match(found) or _ADDRESS.fullmatch(found))
    return mask_phone(digits) if is_number else found


@lru_cache(maxsize=1)
def _field_pattern() -> re.Pattern[str]:
    """The private fields within JSON, or a dict's repr, that became part of a text."""
    names = "|".join(sorted(map(re.escape, _declared_fields)))
    value = r"\\?\"(?:\\.|[^\"\\])*\"?|'(?:\\.|[^'\\])*'?|[^\s,}\]\"']+"
    return re.compile(rf"(?i)([\"'](?:{names})\\?[\"']\s*:\s*)(?:{value})")


@lru_cache(maxsize=1)
def _value_pattern() -> re.Pattern[str]:
    return re.compile("|".join(re.escape(value) for value in sorted(_declared_values, key=len, reverse=True)))
