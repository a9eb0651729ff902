"""Error answers in the envelope: those of the API's views, and Django's own where a machine asked."""

import math
from http import HTTPStatus
from typing import Any

from django.db import DatabaseError, InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.views import defaults
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response
from rest_framework.views import exception_handler as drf_exception_handler

from botsite.api.authentication import key_of
from botsite.api.errors import ApiError, envelope
from botsite.api.limits import unproven_answer
from botsite.client_address import client_address
from botsite.resilience.breaker import BreakerOpen
from botsite.telemetry.logging import get_logger
from botsite.telemetry.reports import report_security_event

MACHINE_PATHS = ("/api", "/update-user", "/start", "/webhook", "/metrics", "/health")

log = get_logger("api")


def exception_handler(exc: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's EXCEPTION_HANDLER: its answer (headers included) with our body; None leaves a 500 to Django."""
    if isinstance(exc, OperationalError | InterfaceError):
        log.error("API_UNAVAILABLE", operation=type(context["view"]).__name__, error=type(exc).__name__)
        exc = ApiError(503, "unavailable", "The database is out of reach; try again.", retry_after=5)
    if isinstance(exc, BreakerOpen):
        message = "A service that this needs is out of order; try again."
        exc = ApiError(503, "circuit_open", message, retry_after=math.ceil(exc.retry_after))
    response = drf_exception_handler(exc, context)
    if response is None:
        return None
    if isinstance(exc, ValidationError):
        response.status_code = HTTPStatus.UNPROCESSABLE_ENTITY
        details = response.data if isinstance(response.data, dict) else {"items": response.data}
        response.data = envelope("invalid", "Some values are missing or not valid.", details)
    else:
        detail = response.data["detail"]
        response.data = envelope(detail.code, str(detail), getattr(exc, "details", None))
    return response


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    if is_machine(request):
        return _answer(HTTPStatus.BAD_REQUEST, "bad_request", "The request cannot be read.")
    return defaults.bad_request(request, exception)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """Django's own page; that a member of staff tried it is reported."""
    report_security_event(
        "forbidden",
        path=request.path,
        staff=request.user.pk if hasattr(request, "user") else None,
        address=client_address(request),
    )
    return defaults.permission_denied(request, exception)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    if is_machine(request):
        if not _has_live_key(request) and (refusal := unproven_answer(request)):
            return refusal
        return _answer(HTTPStatus.NOT_FOUND, "not_found", "There is nothing at this address.")
    return defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponseBase:
    if is_machine(request):
        return _answer(HTTPStatus.INTERNAL_SERVER_ERROR, "internal_error", "Something went wrong here.")
    return defaults.server_error(request)


def refused(request: HttpRequest, status: HTTPStatus, code: str, message: str) -> HttpResponseBase:
    """Answer a request that no view gets to see: in the envelope, or in plain words on a page's address."""
    if is_machine(request):
        return _answer(status, code, message)
    return HttpResponse(message, status=status, content_type="text/plain")


def is_machine(request: HttpRequest) -> bool:
    """Say whether the address is one that programs call, whose errors are in the envelope."""
    return any(request.path == path or request.path.startswith(f"{path}/") for path in MACHINE_PATHS)


def _has_live_key(request: HttpRequest) -> bool:
    try:
        return key_of(request) is not None
    except DatabaseError:  # nobody can tell just now, and what is not there is not there
        return False


def _answer(status: HTTPStatus, code: str, message: str) -> JsonResponse:
    return JsonResponse(envelope(code, message), status=status)
