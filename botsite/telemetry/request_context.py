"""What every log line of a request bears: its id and, once the session was read, who was logged in."""

import re
import time
from collections.abc import Callable
from uuid import uuid4

import structlog
from django.contrib.auth import SESSION_KEY
from django.http import HttpRequest, HttpResponse

from botsite.telemetry.http_metrics import UNMEASURED, measure_request
from botsite.telemetry.logging import get_logger

REQUEST_ID_HEADER = "X-Request-ID"
_SANE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{7,63}")
_LOOKS_LIKE_A_NUMBER = re.compile(r"\+?[\d. _-]+")

log = get_logger("requests")


def current_request_id() -> str:
    """Return the id of the request that this thread works for, or an empty text."""
    return str(structlog.contextvars.get_contextvars().get("request_id", ""))


def request_id_for(given: str) -> str:
    """Return the caller's own id if it can be one, and no phone number; else a new one."""
    is_sane = _SANE_ID.fullmatch(given) and not _LOOKS_LIKE_A_NUMBER.fullmatch(given)
    return given if is_sane else uuid4().hex


class RequestContextMiddleware:
    """Binds the request's id, returns it in `X-Request-ID`, logs and measures how the request ended.

    The outermost, so that what the others take is measured too.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        started = time.perf_counter()
        structlog.contextvars.clear_contextvars()
        request_id = request_id_for(request.headers.get(REQUEST_ID_HEADER, ""))
        structlog.contextvars.bind_contextvars(request_id=request_id)
        try:
            response = self._get_response(request)
            seconds = time.perf_counter() - started
            measure_request(request, response.status_code, seconds)
            _log_end(request, response.status_code, seconds)
        finally:
            structlog.contextvars.clear_contextvars()
        response.headers[REQUEST_ID_HEADER] = request_id
        return response


def _log_end(request: HttpRequest, status: int, seconds: float) -> None:
    """The route, not the path: addresses of pages may hold a number or a secret."""
    is_quiet = status < 400 and request.path.startswith(UNMEASURED)
    route = request.resolver_match.route if request.resolver_match else ""
    facts: dict[str, object] = {"staff_id": staff} if (staff := _staff_id(request)) else {}
    (log.debug if is_quiet else log.info)(
        "HTTP_REQUEST",
        method=request.method,
        route=f"/{route}" if route else "none",
        status=status,
        milliseconds=round(seconds * 1000, 1),
        **facts,
    )


def _staff_id(request: HttpRequest) -> int | None:
    """Who is logged in, when the view has read the session anyway: the log is worth no query."""
    session = getattr(request, "session", None)
    known = session.get(SESSION_KEY) if session is not None and session.accessed else None
    return int(known) if known else None
