"""JSON log lines through structlog, to the files of LOG_DIR and to a stream; nothing private in clear."""

import logging
import logging.config
import sys
import threading
from collections.abc import Iterable, MutableMapping
from pathlib import Path
from types import TracebackType
from typing import Any

import structlog

from botsite.telemetry.exception_text import describe, render
from botsite.telemetry.log_files import UNHANDLED
from botsite.telemetry.redact import MASK, hide_values, mask_arguments, mask_event, mask_text

Event = MutableMapping[str, Any]

DESTINATIONS = ("both", "files", "stderr", "stdout")
_COMMON: list[structlog.typing.Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def logging_config(
    log_dir: Path, *, debug: bool, to: str = "both", secrets: Iterable[str] = ()
) -> dict[str, Any]:
    """Return the dictConfig of the site: one JSON object a line, in which none of `secrets` ever stands.

    `to`: `files` (standard error only when the disk takes nothing), `stderr`, `stdout`, or `both` files and
    standard error.
    """
    hide_values(secrets)
    stream = {"files": None, "stdout": "stdout"}.get(to, "stderr")
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": "botsite.telemetry.logging.json_formatter"}},
        "handlers": {
            "site": {
                "()": "botsite.telemetry.log_files.LogHandler",
                "folder": log_dir if to in ("files", "both") else None,
                "stream": stream,
                "formatter": "json",
            }
        },
        "root": {"handlers": ["site"], "level": "INFO"},
        "loggers": {
            "django": {"level": "INFO", "handlers": []},  # Django's own would mail tracebacks with locals
            "django.server": {"level": "INFO", "handlers": []},
            "botsite": {"level": "DEBUG"},
            "httpx2": {"level": "WARNING"},
            "httpcore2": {"level": "WARNING"},
            "openai": {"level": "WARNING"},
            "zeep": {"level": "CRITICAL"},  # it logs what others sent; SOAP_REQUEST says what came of it
            "celery.app.trace": {"level": "INFO" if debug else "WARNING"},
            "celery.worker.strategy": {"level": "WARNING"},
        },
    }


def json_formatter() -> logging.Formatter:
    """Return the formatter: whatever a record holds leaves it masked."""
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[*_COMMON, _foreign_message],
        processors=[
            _render_exception,
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            mask_event,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        use_get_message=False,
        pass_foreign_args=True,
    )


def configure(config: dict[str, Any]) -> None:
    """Apply `config` and point structlog at the standard library's handlers (Django's LOGGING_CONFIG)."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_COMMON,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    logging.config.dictConfig(config)


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """Return the structured logger called `botsite.<name>`."""
    logger: structlog.stdlib.BoundLogger = structlog.get_logger(f"botsite.{name}")
    return logger


def log_unhandled_exceptions() -> None:
    """From now on what nobody catches becomes a log line; Python's own report quotes the exception."""
    log = logging.getLogger(UNHANDLED)
    background = logging.getLogger(f"{UNHANDLED}.background")

    def of_process(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            return
        log.critical("UNHANDLED_EXCEPTION", exc_info=(kind, error, trace))

    def of_thread(unhandled: threading.ExceptHookArgs) -> None:
        if unhandled.exc_value is not None:
            background.error("UNHANDLED_IN_THREAD", exc_info=unhandled.exc_value)

    def of_finalizer(unhandled: "sys.UnraisableHookArgs") -> None:
        if unhandled.exc_value is not None:
            background.error("UNHANDLED_IN_FINALIZER", exc_info=unhandled.exc_value)

    sys.excepthook, threading.excepthook, sys.unraisablehook = of_process, of_thread, of_finalizer


def _foreign_message(_logger: object, _method: str, event: Event) -> Event:
    """Other libraries' messages are put together again from masked arguments."""
    arguments = event.pop("positional_args", None)
    if event["_record"].name == "django.request" and isinstance(arguments, tuple):
        # A path that no route fits may hold anything; the line HTTP_REQUEST has the route of the others.
        arguments = tuple(MASK if str(each).startswith("/") else each for each in arguments)
    if isinstance(event["_record"].msg, BaseException):
        event["event"] = describe(event["_record"].msg)
    elif arguments:
        event["event"] %= mask_arguments(arguments)
    return event


def _render_exception(_logger: object, _method: str, event: Event) -> Event:
    found = event.pop("exc_info", None)
    event.pop("stack_info", None)
    if found is True:
        found = sys.exc_info()
    error = found[1] if isinstance(found, tuple) else found
    if isinstance(error, BaseException):
        event["exception"] = mask_text(render(error))
    return event
