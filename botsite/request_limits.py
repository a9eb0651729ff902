"""What no view should have to think of: bodies of unknown length, packed or too large; NUL in addresses."""

from collections.abc import Callable
from http import HTTPStatus

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from botsite.api.handlers import refused

Answer = Callable[[HttpRequest], HttpResponseBase]
Refusal = tuple[HTTPStatus, str, str]


class RequestLimitsMiddleware:
    """Refuses by the head alone, before a byte of the body is read. nginx makes chunked bodies whole."""

    def __init__(self, get_response: Answer) -> None:
        self._answer = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        refusal = _refusal(request)
        return refused(request, *refusal) if refusal else self._answer(request)


def _refusal(request: HttpRequest) -> Refusal | None:
    if _holds_nul(request):
        return HTTPStatus.BAD_REQUEST, "bad_request", "The address cannot be read."
    if "Transfer-Encoding" in request.headers:
        # A chunked body reaches WSGI empty: taken for an empty one it would be lost.
        return HTTPStatus.LENGTH_REQUIRED, "length_required", "Send the body with a Content-Length."
    if request.headers.get("Content-Encoding", "identity").strip().lower() not in {"", "identity"}:
        # What is packed could unpack to a thousand times the limit.
        message = "Send the body without a Content-Encoding."
        return HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "unsupported_encoding", message
    return _length_refusal(request.headers.get("Content-Length") or "0")


def _holds_nul(request: HttpRequest) -> bool:
    """No text that PostgreSQL looks for can hold NUL. The API says itself which value does."""
    if request.path.startswith("/api/"):
        return False
    return "\0" in request.path or "%00" in request.META.get("QUERY_STRING", "")


def _length_refusal(length: str) -> Refusal | None:
    if not (length.isascii() and length.isdecimal() and len(length) < 20):
        return HTTPStatus.BAD_REQUEST, "bad_request", "The Content-Length cannot be read."
    limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    if int(length) > limit:
        return HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large", f"At most {limit} bytes."
    return None
