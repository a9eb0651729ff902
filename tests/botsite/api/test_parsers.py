"""The strict JSON parser."""

import io
from typing import Any

import pytest
from pytest_django import Settings
from rest_framework.exceptions import ParseError

from botsite.api.errors import ApiError
from botsite.api.parsers import MAX_DEPTH, StrictJSONParser


def parse(body: bytes) -> Any:
    return StrictJSONParser().parse(io.BytesIO(body))


def nested(levels: int) -> bytes:
    return b"[" * levels + b"]" * levels


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'{"a": [1, 2.5, null, true, "\xc3\xb1"]}', {"a": [1, 2.5, None, True, "ñ"]}),
        (rb'"\ud83d\ude00"', "😀"),
        (rb'"\u0000"', "\x00"),
        (rb'{"\\u0000": "\\ud800"}', {r"\u0000": r"\ud800"}),
        (b"7", 7),
        (nested(3), [[[]]]),
    ],
)
def test_good_json(body: bytes, value: object) -> None:
    assert parse(body) == value


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"not json",
        b"NaN",
        b'{"a": Infinity}',
        b"-Infinity",
        b"1e999",
        b"9" * 5000,
        b'"\xff"',
        b"\xef\xbb\xbf{}",
        '{"a": "ñ"}'.encode("utf-16"),
        rb'"\ud800"',
        rb'{"\udfff": 1}',
        b"{'a': 1}",
        b"[1,]",
        nested(MAX_DEPTH + 1),
        nested(100_000),
        b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
    ],
)
def test_bad_json_is_refused(body: bytes) -> None:
    with pytest.raises(ParseError):
        parse(body)


def test_depth_is_counted_exactly() -> None:
    parse(nested(MAX_DEPTH))
    parse(b'{"a":' * MAX_DEPTH + b"1" + b"}" * MAX_DEPTH)


def test_too_large_a_body_is_413(settings: Settings) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10
    assert parse(b'"12345678"') == "12345678"
    with pytest.raises(ApiError) as caught:
        parse(b'"123456789"')
    assert caught.value.status_code == 413
