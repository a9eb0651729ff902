"""Which file gets which line, and what happens when none can be written."""

import json
import logging
import logging.config
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from botsite.telemetry.log_files import LOG_FILES, UNHANDLED, LogHandler
from botsite.telemetry.logging import configure, get_logger, json_formatter, logging_config


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    configure(logging_config(tmp_path, debug=False, to="files"))
    yield tmp_path
    logging.config.dictConfig(settings.LOGGING)


def holders(folder: Path, event: str) -> set[str]:
    return {path.stem for path in folder.glob("*.log") if f'"{event}"' in path.read_text()}


@pytest.mark.parametrize(
    ("level", "files"),
    [
        (logging.DEBUG, {"application", "technical"}),
        (logging.INFO, {"application", "technical", "combined"}),
        (logging.ERROR, {"application", "technical", "combined", "error"}),
    ],
)
def test_named_events_go_to_the_technical_log_and_by_their_level(
    folder: Path, level: int, files: set[str]
) -> None:
    get_logger("test").log(level, "HOOK_UPDATE")

    assert holders(folder, "HOOK_UPDATE") == files


def test_lines_of_libraries_are_no_technical_events(folder: Path) -> None:
    logging.getLogger("celery.beat").info("beat: Starting")

    assert holders(folder, "beat: Starting") == {"application", "combined"}


@pytest.mark.parametrize(
    ("logger", "file"),
    [
        ("django.request", "exceptions"),
        (UNHANDLED, "exceptions"),
        ("celery.app.trace", "rejections"),
        (f"{UNHANDLED}.background", "rejections"),
    ],
)
def test_tracebacks_have_files_of_their_own(folder: Path, logger: str, file: str) -> None:
    try:
        raise ValueError("private")
    except ValueError:
        logging.getLogger(logger).exception("It failed")

    assert holders(folder, "It failed") == {"application", "combined", "error", file}


def test_sizes_are_those_that_were_asked_for() -> None:
    sizes = {file.name: (file.megabytes, file.kept) for file in LOG_FILES}

    assert (sizes["combined"], sizes["error"], sizes["application"]) == ((50, 5), (25, 3), (100, 10))
    assert {"exceptions", "rejections", "technical"} < sizes.keys()


def test_without_a_writable_folder_lines_go_to_standard_error(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "taken").write_text("a file where the folder should be")
    configure(logging_config(tmp_path / "taken", debug=False, to="files"))
    try:
        for _ in range(3):
            get_logger("test").warning("THREAD_LOCK_BUSY")
    finally:
        logging.config.dictConfig(settings.LOGGING)

    assert capfd.readouterr().err.count("THREAD_LOCK_BUSY") == 3


@pytest.mark.parametrize(("to", "out", "err"), [("stdout", 1, 0), ("stderr", 0, 1), ("files", 0, 0)])
def test_a_setting_says_where_to(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], to: str, out: int, err: int
) -> None:
    configure(logging_config(tmp_path, debug=False, to=to))
    try:
        get_logger("test").warning("THREAD_LOCK_BUSY")
    finally:
        logging.config.dictConfig(settings.LOGGING)

    said = capfd.readouterr()
    assert (said.out.count("THREAD_LOCK_BUSY"), said.err.count("THREAD_LOCK_BUSY")) == (out, err)
    assert bool(list(tmp_path.glob("*.log"))) == (to == "files")


def test_a_line_that_cannot_be_formatted_is_named_but_not_shown(tmp_path: Path) -> None:
    handler = LogHandler(tmp_path, None)
    handler.setFormatter(json_formatter())
    handler.handle(
        logging.makeLogRecord(
            {"name": "library", "msg": "%d bytes", "args": ("private words",), "levelno": 40}
        )
    )

    [line] = [json.loads(line) for line in (tmp_path / "combined.log").read_text().splitlines()]
    assert (line["event"], line["logger"]) == ("LOG_LINE_LOST", "library")
    assert "private" not in str(line)
