"""What every log line of a task bears: the task's id and the id of the request that caused it."""

from collections.abc import MutableMapping
from typing import Any

import structlog
from celery.signals import before_task_publish, task_postrun, task_prerun

from botsite.telemetry.request_context import current_request_id

REQUEST_ID = "request_id"
"""The header of a task's message."""


def connect() -> None:
    """Carry request ids through the broker, in the publishing and in the working processes."""
    before_task_publish.connect(_add_request_id, dispatch_uid="request_id")
    task_prerun.connect(_bind, dispatch_uid="task_context")
    task_postrun.connect(_clear, dispatch_uid="task_context")


def _add_request_id(headers: MutableMapping[str, Any] | None = None, **_kwargs: object) -> None:
    if headers is not None and not headers.get(REQUEST_ID):
        headers[REQUEST_ID] = current_request_id()


def _bind(task_id: str, task: Any, **_kwargs: object) -> None:
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(task_id=task_id, task=task.name)
    headers = task.request.headers or {}  # a broker's message puts them beside the request's own fields
    if request_id := getattr(task.request, REQUEST_ID, "") or headers.get(REQUEST_ID):
        structlog.contextvars.bind_contextvars(request_id=str(request_id))


def _clear(**_kwargs: object) -> None:
    structlog.contextvars.clear_contextvars()
