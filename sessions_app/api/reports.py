"""`/api/qr`, `/api/whatsapp/status` and their batches: gateways report sessions."""

import uuid
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from botsite.api.errors import ApiError
from botsite.api.models import Scope
from botsite.api.schema import documented
from botsite.api.views import ApiView
from sessions_app.api.access import ChannelFinder
from sessions_app.api.items import InvalidItem, channel_slug, qr_event, status_event
from sessions_app.api.shapes import QrBatchBody, QrBody, ReportAnswer, StatusBatchBody, StatusBody
from sessions_app.models import Channel
from sessions_app.providers.base import DeviceEvent
from sessions_app.services.devices import events_apply

MAX_ITEMS = 1000

Read = Callable[[Any], DeviceEvent]


@dataclass(slots=True)
class Reading:
    """The items of a call: events by their channel's slug, and a refusal for each that is none."""

    channels: dict[str, Channel] = field(default_factory=dict)
    events: dict[str, list[DeviceEvent]] = field(default_factory=lambda: defaultdict(list))
    rejected: list[dict[str, Any]] = field(default_factory=list)

    def add(self, channel: Channel, event: DeviceEvent) -> None:
        self.channels[channel.slug] = channel
        self.events[channel.slug].append(event)

    def answer(self) -> Response:
        """Take the events in, and say what came of them."""
        applied = [
            events_apply(channel, self.events[slug]) for slug, channel in sorted(self.channels.items())
        ]
        return Response(
            {
                "batchId": str(uuid.uuid4()),
                "accepted": sum(each.accepted for each in applied),
                "duplicates": sum(each.duplicates for each in applied),
                "rejected": self.rejected,
            }
        )


class ReportView(ApiView):
    """One item: refused as a whole when it is not valid."""

    required_scopes = {"POST": Scope.SESSIONS_WRITE}
    methods_by_item = ("POST",)

    def report(self, request: Request, read: Read) -> Response:
        self.count_items(1)
        body: Any = request.data
        reading = Reading()
        try:
            event = read(body)
            reading.add(ChannelFinder(self.key).find(channel_slug(body)), event)
        except InvalidItem as refused:
            raise ApiError(422, refused.code, refused.message) from None
        return reading.answer()


class BatchView(ApiView):
    """1 to 1000 items: one that is not valid is refused by itself."""

    required_scopes = {"POST": Scope.SESSIONS_WRITE}
    methods_by_item = ("POST",)

    def report(self, request: Request, read: Read) -> Response:
        items = _items(request.data)
        self.count_items(len(items))
        try:
            usual = channel_slug(request.data)
        except InvalidItem as refused:
            raise ApiError(422, refused.code, refused.message) from None
        return _read(items, read, ChannelFinder(self.key, usual)).answer()


def _items(body: Any) -> Sequence[Any]:
    items = body.get("items") if isinstance(body, dict) else None
    if not isinstance(items, list) or not 1 <= len(items) <= MAX_ITEMS:
        raise ApiError(422, "invalid", f"items has to be a list of 1 to {MAX_ITEMS}.")
    return items


def _read(items: Sequence[Any], read: Read, channels: ChannelFinder) -> Reading:
    reading = Reading()
    for index, item in enumerate(items):
        try:
            event = read(item)
            reading.add(channels.find(channel_slug(item)), event)
        except InvalidItem as refused:
            code, message = refused.code, refused.message
        except ApiError as refused:
            code, message = str(refused.get_codes()), str(refused.detail)
        else:
            continue
        reading.rejected.append({"index": index, "code": code, "message": message})
    return reading


class QrView(ReportView):
    @documented(body=QrBody, answers={200: ReportAnswer}, errors=(404,))
    def post(self, request: Request) -> Response:
        """Report a session's QR code."""
        return self.report(request, qr_event)


class QrBatchView(BatchView):
    @documented(body=QrBatchBody, answers={200: ReportAnswer}, errors=(404,))
    def post(self, request: Request) -> Response:
        """Report up to a thousand QR codes."""
        return self.report(request, qr_event)


class StatusView(ReportView):
    @documented(body=StatusBody, answers={200: ReportAnswer}, errors=(404,))
    def post(self, request: Request) -> Response:
        """Report a session's status."""
        return self.report(request, status_event)


class StatusBatchView(BatchView):
    @documented(body=StatusBatchBody, answers={200: ReportAnswer}, errors=(404,))
    def post(self, request: Request) -> Response:
        """Report up to a thousand statuses."""
        return self.report(request, status_event)
