"""JSON log lines through structlog, to standard error and to `technical.log` under LOG_DIR."""

import logging
import logging.config
from pathlib import Path
from typing import Any

import structlog

from botsite.telemetry.redact import mask_event

_SHARED_PROCESSORS: list[structlog.typing.Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.StackInfoRenderer(),
    structlog.processors.format_exc_info,
    mask_event,
]


def logging_config(log_dir: Path, *, debug: bool) -> dict[str, Any]:
    """Return the dictConfig of the site: one JSON object a line.

    Files are opened for appending and every line is one write, so that several processes can share them.
    """
    handlers: dict[str, Any] = {"console": {"class": "logging.StreamHandler", "formatter": "json"}}
    try:
        log_dir.mkdir(parents=True, exist_ok=True)
        handlers["technical"] = {
            "class": "logging.handlers.WatchedFileHandler",
            "filename": str(log_dir / "technical.log"),
            "formatter": "json",
            "delay": True,
            "encoding": "utf-8",
        }
    except OSError:
        pass  # a read-only disk must not keep the site from starting: standard error remains
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "json": {
                "()": structlog.stdlib.ProcessorFormatter,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    structlog.processors.JSONRenderer(ensure_ascii=False),
                ],
                "foreign_pre_chain": _SHARED_PROCESSORS,
            }
        },
        "handlers": handlers,
        "root": {"handlers": list(handlers), "level": "INFO"},
        "loggers": {
            "django.server": {"handlers": list(handlers), "propagate": False},
            "botsite": {"level": "DEBUG" if debug else "INFO"},
            "httpx2": {"level": "WARNING"},
            "openai": {"level": "WARNING"},
            "zeep": {"level": "CRITICAL"},  # it logs what others sent; SOAP_REQUEST says what came of it
            "celery.app.trace": {"level": "WARNING"},
            "celery.worker.strategy": {"level": "WARNING"},
        },
    }


def configure(config: dict[str, Any]) -> None:
    """Apply `config` and point structlog at the standard library's handlers (Django's LOGGING_CONFIG)."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_SHARED_PROCESSORS,
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
