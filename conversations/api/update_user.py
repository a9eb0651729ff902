"""`/update-user`: other systems announce that a customer's data have changed."""

from collections.abc import Sequence
from typing import Any

from drf_spectacular.utils import PolymorphicProxySerializer
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response

from botsite.api.errors import ApiError
from botsite.api.models import Scope
from botsite.api.schema import documented
from botsite.api.views import ApiView
from botsite.telemetry import metrics
from botsite.telemetry.logging import get_logger
from conversations.api.answers import UserUpdateAnswer
from conversations.api.shapes import UserUpdateBody
from conversations.services.user_updates import UserUpdate, users_update

MAX_ENTRIES = 500
_CALLERS_STANDING = (
    exceptions.NotAuthenticated,
    exceptions.AuthenticationFailed,
    exceptions.PermissionDenied,
    exceptions.MethodNotAllowed,
    exceptions.Throttled,
)

log = get_logger("hooks")


ONE_OR_SEVERAL = PolymorphicProxySerializer(
    "UserUpdates", [UserUpdateBody, UserUpdateBody(many=True)], resource_type_field_name=None, many=False
)
ANSWERS = PolymorphicProxySerializer(
    "UserUpdateAnswers",
    [UserUpdateAnswer, UserUpdateAnswer(many=True)],
    resource_type_field_name=None,
    many=False,
)


class UpdateUserView(ApiView):
    required_scopes = {"POST": Scope.USERS_WRITE}

    @documented(body=ONE_OR_SEVERAL, answers={200: ANSWERS})
    def post(self, request: Request) -> Response:
        """Forget what is cached of one user or of a list of them, and fetch name and labels where asked."""
        body: Any = request.data
        is_list = isinstance(body, list)
        entries = _entries(body) if is_list else [self.body(UserUpdateBody)]
        updates = [UserUpdate(entry["userId"], "enrichment" in entry["changes"]) for entry in entries]
        scheduled = users_update(updates, within=self.key.channel_filter())
        answers = [_answer(update, is_due) for update, is_due in zip(updates, scheduled, strict=True)]
        return Response(answers if is_list else answers[0])

    def handle_exception(self, exc: Exception) -> Response:
        """Errors of the hook itself are logged and counted: whoever calls it may never look at an answer."""
        if not isinstance(exc, _CALLERS_STANDING):
            error = type(exc).__name__
            log.warning("HOOK_ERROR", operation="update_user", error=error, fallback="nothing was changed")
            metrics.count("hook_errors_total")
        return super().handle_exception(exc)


def _entries(items: Sequence[Any]) -> list[dict[str, Any]]:
    """Return the entries of a list, all of them valid; 422 names each that is not by its index."""
    if not 1 <= len(items) <= MAX_ENTRIES:
        message = f"A list has 1 to {MAX_ENTRIES} entries."
        raise ApiError(422, "invalid", message, details={"entries": len(items)})
    shapes = [UserUpdateBody(data=item) for item in items]
    wrong = [
        {"index": index, "errors": shape.errors} for index, shape in enumerate(shapes) if not shape.is_valid()
    ]
    if wrong:
        message = "Some entries are not valid; nothing was changed."
        raise ApiError(422, "invalid", message, details={"items": wrong})
    return [shape.validated_data for shape in shapes]


def _answer(update: UserUpdate, is_due: bool) -> dict[str, Any]:
    return {
        "userId": update.name,
        "invalidated": True,
        "enrichment": "scheduled" if is_due else "none",
    }
