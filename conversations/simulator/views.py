"""The simulator's page, and the two calls of its script: send a message, look for new ones."""

from typing import Any, cast

from django.contrib import admin
from django.contrib.auth.decorators import login_required, permission_required
from django.db import Error as DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.response import TemplateResponse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from conversations.bubbles import Side, rendered
from conversations.services import simulator
from conversations.services.simulator import Chat, Presence
from conversations.simulator.forms import LONGEST_TEXT, FeedForm, MessageForm, PageForm

PERMISSION = "conversations.view_whatsappuser"
PRESENCE_TEXTS = {
    Presence.ONLINE: gettext_lazy("online"),
    Presence.TYPING: gettext_lazy("typing…"),
    Presence.LATE: gettext_lazy("still working on it… is a worker running?"),
    Presence.WAITING: gettext_lazy("waiting for a person"),
    Presence.PAUSED: gettext_lazy("a person has taken over"),
    Presence.FAILED: gettext_lazy("the answer could not be sent"),
}


@login_required
@permission_required(PERMISSION, raise_exception=True)
@never_cache
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """The chat page of `?conversation=`, or of the reader's latest conversation."""
    form = PageForm(request.GET)
    asked = form.cleaned_data["conversation"] if form.is_valid() else None
    numbers = simulator.numbers(_staff_id(request))
    latest = max(numbers, default=0)
    chat = Chat(_staff_id(request), asked or latest or 1)
    context = {
        **admin.site.each_context(request),
        "title": _("Simulator"),
        "is_nav_sidebar_enabled": False,
        "channel": _channel_or_none(),
        "chat": chat,
        "customer": simulator.customer(chat),
        "numbers": numbers,
        "next_number": max(latest, chat.number) + 1,
        "trial": simulator.version_on_trial(chat),
        "samples": _samples(),
        "longest_text": LONGEST_TEXT,
    }
    return TemplateResponse(request, "simulator/page.html", context)


@method_decorator(
    [login_required, permission_required(PERMISSION, raise_exception=True), never_cache], name="dispatch"
)
class MessagesView(View):
    """`/simulator/messages`, for the page's script."""

    def get(self, request: HttpRequest) -> JsonResponse:
        """Answer with the messages that are new or may have changed, as HTML in order, and the presence."""
        form = FeedForm(request.GET)
        if not form.is_valid():
            return _refused(400, "invalid", form.errors.get_json_data())
        asked = form.cleaned_data
        view = simulator.look(
            Chat(_staff_id(request), asked["conversation"]),
            after=asked["after"] or 0,
            visible=asked["visible"],
        )
        return JsonResponse(
            {
                "items": rendered(view.messages, side=Side.CUSTOMER),
                "presence": view.presence,
                "presenceText": str(PRESENCE_TEXTS[view.presence]),
            }
        )

    def post(self, request: HttpRequest) -> JsonResponse:
        """Store one message; 202 means that it is stored, now or by an earlier attempt."""
        form = MessageForm(request.POST)
        if not form.is_valid():
            return _refused(400, "invalid", form.errors.get_json_data())
        sent = form.cleaned_data
        try:
            receipt = simulator.send(
                Chat(_staff_id(request), sent["conversation"]), text=sent["text"], client_id=sent["client_id"]
            )
        except simulator.Unavailable:
            return _refused(409, "channel_off", {})
        except DatabaseError:
            return _refused(503, "unavailable", {})
        return JsonResponse({"accepted": receipt.accepted, "duplicates": receipt.duplicates}, status=202)


def _staff_id(request: HttpRequest) -> int:
    return cast("int", request.user.pk)  # login_required


def _channel_or_none() -> Any:
    try:
        return simulator.channel()
    except simulator.Unavailable:
        return None


def _samples() -> list[str]:
    return [
        _("Hello"),
        _("What are your opening hours?"),
        _("Do you allow pets?"),
        _("What do I need to make a reservation?"),
        _("Can I pay by card?"),
        _("Do you have a heated pool?"),
    ]


def _refused(status: int, code: str, details: Any) -> JsonResponse:
    return JsonResponse({"error": {"code": code, "message": code, "details": details}}, status=status)
