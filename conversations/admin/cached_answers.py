"""The page of what the response cache holds for a channel, and what staff can do about it."""

from typing import TYPE_CHECKING

from django import forms
from django.contrib import messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from redis import RedisError

from conversations.models import PinnedAnswer
from conversations.services.cached_answers import CachedAnswers, answer_drop, answers_drop, cached_answers
from sessions_app.models import Channel

if TYPE_CHECKING:
    from conversations.admin.pinned_answer import PinnedAnswerAdmin

DROP = "conversations.drop_cachedanswer"
KEY = r"^[0-9a-f]{64}$"


class ChannelForm(forms.Form):
    """Whose answers are meant."""

    channel = forms.ModelChoiceField(Channel.objects.all())


class EntryForm(ChannelForm):
    """Which answer of a channel is meant: its key in the cache."""

    key = forms.RegexField(KEY)


class CachedAnswerViews:
    """Views under `model_admin`, wrapped by it in `admin_view`. Drops are logged without the texts."""

    def __init__(self, model_admin: "PinnedAnswerAdmin") -> None:
        self.model_admin = model_admin

    def page(self, request: HttpRequest) -> HttpResponse:
        """The answers of the channel `?channel=`, or of the first one."""
        if not self.model_admin.has_view_permission(request):
            raise PermissionDenied
        channels = Channel.objects.order_by("pk")
        form = ChannelForm(request.GET)
        channel = form.cleaned_data["channel"] if form.is_valid() else channels.first()
        context = {
            **self.model_admin.admin_site.each_context(request),
            "title": _("Answers in the cache"),
            "opts": self.model_admin.opts,
            "channels": channels,
            "channel": channel,
            "cached": _cached_or_none(channel) if channel else CachedAnswers((), is_complete=True),
            "may_drop": request.user.has_perm(DROP),
            "may_pin": self.model_admin.has_add_permission(request),
        }
        return TemplateResponse(request, "admin/conversations/pinnedanswer/cached.html", context)

    def drop(self, request: HttpRequest) -> HttpResponse:
        """Drop one answer."""
        self._require_drop(request)
        form = EntryForm(request.POST)
        if not form.is_valid():
            messages.error(request, _("There is no such answer."))
            return _back(None)
        channel, key = form.cleaned_data["channel"], form.cleaned_data["key"]
        answer_drop(channel, key)
        self._log(request, channel, f"Dropped the cached answer {key[:12]}.")
        messages.success(request, _("Dropped. The next who asks gets a new answer."))
        return _back(channel)

    def drop_all(self, request: HttpRequest) -> HttpResponse:
        """Drop all answers of a channel."""
        self._require_drop(request)
        form = ChannelForm(request.POST)
        if not form.is_valid():
            messages.error(request, _("There is no such channel."))
            return _back(None)
        channel = form.cleaned_data["channel"]
        answers_drop(channel)
        self._log(request, channel, "Dropped all cached answers.")
        messages.success(request, _("All dropped. Pinned answers stay."))
        return _back(channel)

    def _require_drop(self, request: HttpRequest) -> None:
        if not request.user.has_perm(DROP):
            raise PermissionDenied

    def _log(self, request: HttpRequest, channel: Channel, message: str) -> None:
        LogEntry.objects.create(
            user=request.user,  # type: ignore[misc]  # admin_view lets nobody else in
            content_type=ContentType.objects.get_for_model(PinnedAnswer),
            object_repr=str(channel)[:200],
            action_flag=CHANGE,
            change_message=message,
        )


def _cached_or_none(channel: Channel) -> CachedAnswers | None:
    try:
        return cached_answers(channel)
    except RedisError:
        return None


def _back(channel: Channel | None) -> HttpResponse:
    query = f"?channel={channel.pk}" if channel else ""
    return HttpResponseRedirect(reverse("admin:conversations_cachedanswers") + query)
