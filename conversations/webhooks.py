"""The one entry for webhooks of every provider: prove, parse, store, and only then acknowledge."""

from django.db import Error as DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from botsite.api.limits import unproven_answer
from botsite.client_address import client_address
from botsite.telemetry.logging import get_logger
from botsite.telemetry.reports import report_security_event
from conversations.services import inbox
from sessions_app.models import Channel
from sessions_app.providers.base import InboundEvent, WebhookRequest
from sessions_app.providers.errors import MalformedPayloadError, SignatureError
from sessions_app.providers.registry import PROVIDERS, get_provider
from sessions_app.services.channels import channel_by_slug

log = get_logger("webhooks")


class Refused(Exception):
    """The request is answered with an error; nothing was stored."""

    def __init__(self, status: int, code: str, message: str, *, is_proven: bool = False) -> None:
        super().__init__(code)
        self.status, self.code, self.message = status, code, message
        self.is_proven = is_proven
        """Whether the sender had proved who he is; who had not has a quota by address."""

    def response(self) -> JsonResponse:
        return JsonResponse(
            {"error": {"code": self.code, "message": self.message, "details": {}}}, status=self.status
        )


@csrf_exempt
@require_http_methods(["GET", "POST"])
def webhook(request: HttpRequest, slug: str, path_secret: str | None = None) -> HttpResponse:
    """`/webhook/<slug>` and, for providers that cannot sign, `/webhook/<slug>/<secret>`."""
    try:
        if request.method == "GET":
            return _handshake(request, slug)
        return _receive(request, slug, path_secret or "")
    except Refused as refused:
        limited = None if refused.is_proven else unproven_answer(request)
        return limited or refused.response()
    except DatabaseError as error:
        log.error("WEBHOOK_NOT_STORED", slug=slug, error=type(error).__name__)
        return Refused(503, "unavailable", "The webhook could not be stored; send it again.").response()


def _handshake(request: HttpRequest, slug: str) -> HttpResponse:
    channel = _channel(slug)
    challenge = get_provider(channel.kind).handshake(channel.account(), request.GET.dict())
    if challenge is None:
        report_security_event("webhook_handshake", slug=slug, address=client_address(request))
        raise Refused(403, "forbidden", "The verify token does not match.")
    return HttpResponse(challenge, content_type="text/plain")


def _receive(request: HttpRequest, slug: str, path_secret: str) -> JsonResponse:
    """Store what the provider sends; 200 means that all of it is committed."""
    body = _body(request)
    channel = _channel(slug)
    receipt = inbox.receive(channel, _verified_events(channel, request, body, path_secret))
    return JsonResponse(
        {"accepted": receipt.accepted, "duplicates": receipt.duplicates, "ignored": receipt.ignored}
    )


def _body(request: HttpRequest) -> bytes:
    try:
        return request.body
    except UnreadablePostError:
        raise Refused(400, "incomplete_body", "The body ended before its Content-Length.") from None


def _channel(slug: str) -> Channel:
    channel = channel_by_slug(slug)
    if channel is None or channel.kind not in PROVIDERS:
        raise Refused(404, "unknown_channel", "There is no such channel.")
    return channel


def _verified_events(
    channel: Channel, request: HttpRequest, body: bytes, path_secret: str
) -> list[InboundEvent]:
    provider = get_provider(channel.kind)
    headers = {name.lower(): value for name, value in request.headers.items()}
    try:
        provider.verify(channel.account(), WebhookRequest(body, headers, path_secret))
        return provider.parse(body)
    except SignatureError:
        report_security_event("webhook_signature", slug=channel.slug, address=client_address(request))
        raise Refused(401, "unauthorized", "The signature is missing or wrong.") from None
    except MalformedPayloadError:
        message = "The body is not the JSON that this webhook expects."
        raise Refused(400, "malformed", message, is_proven=True) from None
