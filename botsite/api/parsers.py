"""Reading JSON bodies strictly: what no answer could hold is refused before a view sees it."""

import json
import math
from collections.abc import Mapping
from typing import IO, Any, NoReturn

from django.conf import settings
from django.http import UnreadablePostError
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

from botsite.api.errors import ApiError

MAX_DEPTH = 32


class StrictJSONParser(BaseParser):
    """UTF-8 JSON; 400 for NaN, infinities, lone surrogates or too many levels, 413 when too large."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        body = _read(stream)
        try:
            value = json.loads(body.decode(), parse_constant=_refuse, parse_float=_finite)
            if _is_deeper(value, MAX_DEPTH):
                raise ParseError(f"The JSON has more than {MAX_DEPTH} levels.")
            if b"\\u" in body:  # the only way to a lone surrogate
                json.dumps(value, ensure_ascii=False).encode()
        except (ValueError, RecursionError):
            raise ParseError("The body is not the JSON that RFC 8259 describes, in UTF-8.") from None
        return value


def _read(stream: IO[Any]) -> bytes:
    limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    try:
        body = bytes(stream.read(limit + 1))
    except UnreadablePostError:
        raise ParseError("The body ended before its Content-Length.") from None
    if len(body) > limit:
        raise ApiError(413, "too_large", f"At most {limit} bytes.")
    return body


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


def _finite(literal: str) -> float:
    value = float(literal)
    if not math.isfinite(value):
        raise ValueError("out of range")
    return value


def _is_deeper(value: Any, limit: int) -> bool:
    level = [value]
    for _ in range(limit):
        level = [child for node in level for child in _children(node) if isinstance(child, dict | list)]
        if not level:
            return False
    return True


def _children(node: Any) -> Any:
    return node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
