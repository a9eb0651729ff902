"""`/start` and `/api/sessions/<sessionId>`: other systems start sessions and ask for them."""

from datetime import timedelta
from typing import Any

from django.db.models import F
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.response import Response

from botsite.api.errors import ApiError
from botsite.api.models import Scope
from botsite.api.schema import documented
from botsite.api.views import ApiView
from sessions_app.api.access import ChannelFinder, session_channel
from sessions_app.api.shapes import SessionAnswer, SessionQuery, StartAnswer, StartBody
from sessions_app.models import QrCode
from sessions_app.models.device import ACTIVE, INACTIVE
from sessions_app.services.device_info import device_info
from sessions_app.services.device_state import UNKNOWN, DeviceState, Source, device_state
from sessions_app.services.starting import NotStartable, device_start

SESSION_ID = OpenApiParameter("session_id", str, OpenApiParameter.PATH)


class StartView(ApiView):
    required_scopes = {"POST": Scope.SESSIONS_WRITE}
    methods_by_item = ("POST",)

    @documented(body=StartBody, answers={202: StartAnswer}, errors=(404, 409))
    def post(self, request: Request) -> Response:
        """Start a session for `user_id`; 202 with the one that is pending or active already, or a new one."""
        self.count_items(1)
        body = self.body(StartBody)
        channel = ChannelFinder(self.key).find(body.get("channel"))
        try:
            device = device_start(channel, owner=body["user_id"])
        except NotStartable:
            raise ApiError(409, "no_sessions", "Channels of this kind have no device sessions.") from None
        return Response({"sessionId": device.session_id, "status": device.status}, status=202)


class SessionView(ApiView):
    required_scopes = {"GET": Scope.SESSIONS_READ}

    @documented(query=SessionQuery, answers={200: SessionAnswer}, errors=(409,), parameters=[SESSION_ID])
    def get(self, request: Request, session_id: str) -> Response:
        """Tell a session's status, of when it is and who says so; and its QR code while it can be scanned."""
        query = self.query(SessionQuery)
        slug = session_channel(self.key, session_id, query.get("channel"))
        max_age = timedelta(seconds=query["maxAge"]) if "maxAge" in query else None
        state = (
            device_state(slug, session_id, max_age=max_age)
            if slug
            else DeviceState(UNKNOWN, None, Source.DATABASE)
        )
        answer: dict[str, Any] = {
            "sessionId": session_id,
            "channel": slug,
            "status": state.status,
            "asOf": state.as_of,
            "source": state.source,
        }
        if slug and (info := device_info(slug, session_id)):
            answer |= {"owner": info.owner, "createdAt": info.created_at}
        if slug and state.status not in (ACTIVE, UNKNOWN) and (qr := _qr(slug, session_id)):
            answer["qr"] = qr
        return Response(answer, headers={"Cache-Control": "no-store"})


def _qr(slug: str, session_id: str) -> dict[str, Any] | None:
    """Return the QR code that can be scanned now; it opens a session, so it is for who may read sessions."""
    live = QrCode.objects.filter(expires_at__gt=timezone.now()).exclude(payload="")
    live = live.exclude(device__status=INACTIVE, device__status_at__gte=F("issued_at"))
    code = live.filter(device__channel__slug=slug, device__session_id=session_id).first()
    if code is None:
        return None
    return {
        "qr": code.payload,
        "version": code.version,
        "issuedAt": code.issued_at,
        "expiresAt": code.expires_at,
    }
