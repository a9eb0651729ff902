"""What an unsuccessful answer of the Graph API means. Source: Meta's "Cloud API error codes", v25.0."""

from collections.abc import Mapping

from botsite.resilience.http import HttpReply, retry_after_seconds
from sessions_app.providers.cloud_api.payloads import error_detail
from sessions_app.providers.errors import (
    AmbiguousError,
    ConfigurationError,
    PermanentError,
    ProviderError,
    RetryableError,
    ThrottledError,
    WindowClosedError,
)
from sessions_app.providers.fields import JsonObject, as_identifier, as_object

_BY_CODE: Mapping[int, type[ProviderError]] = {
    **dict.fromkeys((4, 80007, 130429, 131048, 131056, 133016, 131064), ThrottledError),
    **dict.fromkeys((1, 2, 131000, 131016, 131053), RetryableError),
    131047: WindowClosedError,
    **dict.fromkeys((100, 131026, 131030, 131021, 131049, 131050, 130472, 131062), PermanentError),
    **dict.fromkeys((0, 3, 10, 190, 368, 131005, 131031, 131042, 131045, 130497), ConfigurationError),
}
_PERMISSIONS = range(200, 300)
_TEMPLATES = range(132000, 133000)


def refusal(reply: HttpReply, *, secret: str) -> ProviderError | None:
    """Return the error an answer stands for; None when it claims success.

    A Graph error says for certain that the message was not accepted. Without one, a 5xx is a gateway
    speaking: what is behind it may have taken the message (a proxy answers 500 to 504 as well when the line
    breaks after the request), so its outcome is unknown. Only a 503 with Retry-After declares itself to be a
    refusal. `secret` is blotted out of the detail: Graph quotes access tokens that it cannot read.
    """
    error = _graph_error(reply)
    if error:
        detail = error_detail(error).replace(secret, "***") if secret else error_detail(error)
        return _graph_refusal(reply, error, detail)
    code = f"http_{reply.status}"
    if reply.status == 429 or (reply.status == 503 and "retry-after" in reply.headers):
        return _throttled(reply, code, "the server asks to wait")
    if reply.status >= 500:
        return AmbiguousError(code, "a gateway answered in place of the Graph API")
    if reply.status >= 300:
        return ConfigurationError(code, "this is not the Graph API: is the base URL right?")
    return None


def _graph_error(reply: HttpReply) -> JsonObject:
    try:
        return as_object(as_object(reply.json()).get("error"))
    except ValueError:
        return {}


def _graph_refusal(reply: HttpReply, error: JsonObject, detail: str) -> ProviderError:
    code = as_identifier(error.get("code"))
    kind = _kind(int(code) if code.isascii() and code.isdecimal() else -1, reply.status)
    return _throttled(reply, code, detail) if kind is ThrottledError else kind(code, detail)


def _kind(code: int, status: int) -> type[ProviderError]:
    if kind := _BY_CODE.get(code):
        return kind
    if code in _PERMISSIONS or code in _TEMPLATES or status in (401, 403):
        return ConfigurationError
    if status == 429:
        return ThrottledError
    return RetryableError if status >= 500 else PermanentError


def _throttled(reply: HttpReply, code: str, detail: str) -> ThrottledError:
    return ThrottledError(code, detail, retry_after_seconds(reply.headers.get("retry-after")))
