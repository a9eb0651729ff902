"""Log lines: JSON, with phone numbers, credentials and texts masked."""

import json
import logging
import logging.config
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from botsite.telemetry.logging import configure, get_logger, logging_config
from botsite.telemetry.redact import mask_phone, mask_text


@pytest.fixture
def log_file(tmp_path: Path) -> Iterator[Path]:
    configure(logging_config(tmp_path, debug=False))
    yield tmp_path / "technical.log"
    logging.config.dictConfig(settings.LOGGING)


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_an_event_is_one_json_line_with_its_fields(log_file: Path) -> None:
    get_logger("test").warning("THREAD_LOCK_BUSY", user_id=7)

    [line] = lines(log_file)
    assert (line["event"], line["user_id"], line["level"]) == ("THREAD_LOCK_BUSY", 7, "warning")
    assert line["logger"] == "botsite.test"
    assert str(line["timestamp"]).endswith("Z")


def test_nothing_private_reaches_the_file(log_file: Path) -> None:
    get_logger("test").info(
        "HOOK_UPDATE", user="573003913251", text="mi cédula es secreta", key="sk-abcdef123"
    )
    logging.getLogger("django.request").error("call +57 from 573003913251 with Bearer abcdef123456")
    try:
        raise ValueError("573003913251")
    except ValueError:
        get_logger("test").exception("PROCESSING_ERROR")

    written = log_file.read_text()
    assert "573003913251" not in written
    assert "cédula" not in written
    assert "abcdef123" not in written
    assert "57********51" in written


@pytest.mark.parametrize(
    ("clear", "masked"),
    [
        ("573003913251", "57********51"),
        ("+5491122334455", "54*********55"),
        ("12345", "***"),
    ],
)
def test_phone_numbers_keep_their_ends(clear: str, masked: str) -> None:
    assert mask_phone(clear) == masked


def test_ids_and_times_are_not_taken_for_numbers() -> None:
    text = "run 1234567 at 2026-11-01T12:00:00Z from 192.168.100.200, structlog 26.1.0, 2026-11-01 12:00"

    assert mask_text(text) == text


def test_the_secret_of_a_webhook_address_is_masked() -> None:
    text = 'Unauthorized: /webhook/shop/s3cr3t-Value "POST /webhook/shop/s3cr3t-Value/?a=1" /webhook/shop'

    assert mask_text(text) == 'Unauthorized: /webhook/shop/*** "POST /webhook/shop/***/?a=***" /webhook/shop'


def test_paths_of_django_are_hidden(log_file: Path) -> None:
    logging.getLogger("django.request").warning("%s: %s", "Not Found", "/nowhere/private")

    [line] = lines(log_file.with_name("combined.log"))
    assert line["event"] == "Not Found: ***"
