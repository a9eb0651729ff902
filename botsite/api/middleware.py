"""The envelope for what Django itself refuses under the addresses that programs call."""

from collections.abc import Callable
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase

from botsite.api.errors import envelope
from botsite.api.handlers import is_machine

_CARRIED = ("Allow", "Retry-After", "WWW-Authenticate")


def error_envelope(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[..., HttpResponseBase]:
    """Middleware: give an error answer without JSON (405 of a plain view, 403 of a check) the one shape."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        is_error = response.status_code >= HTTPStatus.BAD_REQUEST
        if not is_error or not is_machine(request) or _is_json(response):
            return response
        return _enveloped(response)

    return middleware


def _is_json(response: HttpResponseBase) -> bool:
    return "json" in response.headers.get("Content-Type", "")


def _enveloped(response: HttpResponseBase) -> HttpResponse:
    status = HTTPStatus(response.status_code)
    code = status.phrase.lower().replace(" ", "_")
    headers = {name: response.headers[name] for name in _CARRIED if name in response.headers}
    answer = JsonResponse(
        envelope(code, f"{status.description or status.phrase}."), status=status, headers=headers
    )
    answer.headers["Content-Length"] = str(len(answer.content))  # who would set it has been passed already
    return answer
