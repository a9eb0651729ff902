"""`/api/messages`: sending, listing, and replaying what is parked."""

import re
from typing import Any

from django.db.models import Q
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from botsite.api.errors import ApiError
from botsite.api.models import Scope
from botsite.api.pagination import page_of
from botsite.api.schema import documented
from botsite.api.views import ApiView
from botsite.client_address import client_address
from botsite.telemetry.audit import report_audit
from conversations.api.access import require_channel
from conversations.api.answers import AcceptedAnswer, PageAnswer
from conversations.api.presenters import page_json
from conversations.api.shapes import MessageBody, MessagesQuery
from conversations.models import Message
from conversations.services.api_messages import (
    IdempotencyConflict,
    MessageOrder,
    Template,
    Unsendable,
    message_accept,
)
from conversations.services.replay import NotReplayable, message_replay
from conversations.services.user_lookup import names_matching
from sessions_app.models import Channel
from sessions_app.services.channels import channel_by_slug

_IDEMPOTENCY_KEY = re.compile(r"[\x20-\x7e]{0,200}")


IDEMPOTENCY_HEADER = OpenApiParameter(
    "Idempotency-Key",
    location=OpenApiParameter.HEADER,
    description="The client's own id of this order, at most 200 printable ASCII characters: a repeat with "
    "the same key and body is answered with the message of the first.",
)
MESSAGE_ID = OpenApiParameter("message_id", int, OpenApiParameter.PATH)


class MessagesView(ApiView):
    required_scopes = {"GET": Scope.MESSAGES_READ, "POST": Scope.MESSAGES_WRITE}

    @documented(query=MessagesQuery, answers={200: PageAnswer})
    def get(self, request: Request) -> Response:
        """List messages of both directions, newest first."""
        query = self.query(MessagesQuery)
        if "channel" in query:
            require_channel(self.key, query["channel"])
        rows = Message.objects.filter(self.key.channel_filter(), _condition(query))
        rows = rows.select_related("user", "channel").prefetch_related("user__identities")
        return Response(page_json(*page_of(rows, request, query, by="pk")))

    @documented(body=MessageBody, answers={202: AcceptedAnswer}, parameters=[IDEMPOTENCY_HEADER])
    def post(self, request: Request) -> Response:
        """Accept a message for sending; 202 with its id, the same one for a repeat of the Idempotency-Key."""
        idempotency_key = _idempotency_key(request)
        body = self.body(MessageBody)
        require_channel(self.key, body["channel"])
        try:
            message = message_accept(
                _channel(body["channel"]),
                _order(body),
                client=self.key.name,
                idempotency_key=idempotency_key,
            )
        except (Unsendable, IdempotencyConflict) as refusal:
            raise ApiError(422, refusal.code, refusal.message) from None
        return _accepted(message)


class ReplayView(ApiView):
    required_scopes = {"POST": Scope.MESSAGES_WRITE}

    @documented(answers={202: AcceptedAnswer}, errors=(404, 409), parameters=[MESSAGE_ID])
    def post(self, request: Request, message_id: str) -> Response:
        """Try a parked message again."""
        visible = Message.objects.filter(self.key.channel_filter(), pk=int(message_id))
        if not visible.exists():
            raise NotFound("There is no such message.")
        try:
            message = message_replay(int(message_id))
        except NotReplayable as refusal:
            raise ApiError(409, refusal.code, refusal.message) from None
        report_audit(
            "message_replayed",
            actor=f"key:{self.key.prefix}",
            subject=f"conversations.message:{message.pk}",
            address=client_address(request),
        )
        return _accepted(message)


def _accepted(message: Message) -> Response:
    return Response({"id": message.pk, "state": message.state}, status=202)


def _condition(query: dict[str, Any]) -> Q:
    """Return what the query asks for; the user by any name."""
    fields = {"state": "state", "direction": "direction", "channel": "channel__slug"}
    condition = Q(**{lookup: query[name] for name, lookup in fields.items() if name in query})
    if "user" in query:
        condition &= Q(user__in=names_matching(query["user"]).values("user_id"))
    return condition


def _idempotency_key(request: Request) -> str:
    key: str = request.headers.get("Idempotency-Key", "").strip()
    if not _IDEMPOTENCY_KEY.fullmatch(key):
        raise ApiError(
            422, "invalid_idempotency_key", "Idempotency-Key: at most 200 printable ASCII characters."
        )
    return key


def _channel(slug: str) -> Channel:
    channel = channel_by_slug(slug)
    if channel is None:
        raise ApiError(422, "unknown_channel", "There is no active channel with this slug.")
    return channel


def _order(body: dict[str, Any]) -> MessageOrder:
    template = body.get("template")
    return MessageOrder(
        to=body["to"],
        text=body.get("text", ""),
        template=template and Template(template["name"], template["language"], tuple(template["parameters"])),
    )
