"""What an unsuccessful answer of Whapi means: {"error": {code, message, details?, href?, support?}}.

Source: Whapi's "Errors" and its OpenAPI 1.8.7. Its codes mirror the HTTP status (unsure for all of them).
"""

from botsite.resilience.http import HttpReply
from sessions_app.providers.errors import ProviderError
from sessions_app.providers.fields import as_object
from sessions_app.providers.refusals import body_of, refusal_of
from sessions_app.providers.whapi.payloads import error_detail

_UNLINKED = (404,)  # the token belongs to no channel


def refusal(reply: HttpReply, *, secret: str, is_send: bool) -> ProviderError | None:
    """Return the error an answer stands for; None when it claims success."""
    body = body_of(reply)
    detail = error_detail(as_object(body.get("error")) or body)
    return refusal_of(reply, detail, secret=secret, is_send=is_send, unlinked=_UNLINKED)
