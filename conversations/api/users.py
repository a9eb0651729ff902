"""`/api/users/<userId>`: profile, transcript, and who answers."""

from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.response import Response

from botsite.api.models import ApiKey, Scope
from botsite.api.pagination import page_of
from botsite.api.schema import documented
from botsite.api.views import ApiView
from botsite.client_address import client_address
from botsite.telemetry.audit import report_audit
from conversations.api.access import user_for
from conversations.api.answers import PageAnswer, PausedAnswer, UserAnswer
from conversations.api.presenters import page_json, user_id, user_json
from conversations.api.shapes import ChannelQuery, TranscriptQuery
from conversations.models import Message, WhatsAppUser
from conversations.services import takeover
from conversations.services.profiles import activity_of

USER_NAME = OpenApiParameter(
    "name",
    location=OpenApiParameter.PATH,
    description="Any name of the user: phone number, WhatsApp id, business-scoped id.",
)


class UserView(ApiView):
    required_scopes = {"GET": Scope.USERS_READ}

    @documented(query=ChannelQuery, answers={200: UserAnswer}, errors=(404, 409), parameters=[USER_NAME])
    def get(self, request: Request, name: str) -> Response:
        """Profile, labels, thread, tokens, last activity."""
        user = user_for(self.key, name, self.query(ChannelQuery).get("channel"))
        return Response(user_json(user, activity_of(user)))


class TranscriptView(ApiView):
    required_scopes = {"GET": Scope.USERS_READ}

    @documented(query=TranscriptQuery, answers={200: PageAnswer}, errors=(404, 409), parameters=[USER_NAME])
    def get(self, request: Request, name: str) -> Response:
        """The user's messages of both directions, newest first."""
        query = self.query(TranscriptQuery)
        user = user_for(self.key, name, query.get("channel"))
        rows = Message.objects.filter(user=user)
        rows = rows.select_related("user", "channel").prefetch_related("user__identities")
        return Response(page_json(*page_of(rows, request, query, by="sequence")))


class PauseView(ApiView):
    required_scopes = {"POST": Scope.MESSAGES_WRITE}

    @documented(query=ChannelQuery, answers={200: PausedAnswer}, errors=(404, 409), parameters=[USER_NAME])
    def post(self, request: Request, name: str) -> Response:
        """A person takes over: the assistant stops answering this user."""
        user = user_for(self.key, name, self.query(ChannelQuery).get("channel"))
        takeover.pause(user)
        _audit("user_paused", self.key, user, request)
        return _answer(user, paused=True)


class ResumeView(ApiView):
    required_scopes = {"POST": Scope.MESSAGES_WRITE}

    @documented(query=ChannelQuery, answers={200: PausedAnswer}, errors=(404, 409), parameters=[USER_NAME])
    def post(self, request: Request, name: str) -> Response:
        """The assistant answers this user again."""
        user = user_for(self.key, name, self.query(ChannelQuery).get("channel"))
        takeover.resume(user)
        _audit("user_resumed", self.key, user, request)
        return _answer(user, paused=False)


def _audit(action: str, key: ApiKey, user: WhatsAppUser, request: Request) -> None:
    report_audit(
        action,
        actor=f"key:{key.prefix}",
        subject=f"conversations.whatsappuser:{user.pk}",
        address=client_address(request),
    )


def _answer(user: WhatsAppUser, *, paused: bool) -> Response:
    return Response(
        {"userId": user_id(user.identities.all()), "channel": user.channel.slug, "paused": paused}
    )
