"""Answers that staff fix for a question: written anew, or taken over from what a model has answered."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import URLPattern, path
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from botsite.admin import ModelAdmin
from conversations.admin.cached_answers import CachedAnswerViews, EntryForm
from conversations.models import PinnedAnswer
from conversations.services.cached_answers import kept_answer


@admin.register(PinnedAnswer)
class PinnedAnswerAdmin(ModelAdmin[PinnedAnswer]):
    """To unpin is to delete. The page of the cache is a sister of this list."""

    change_list_template = "admin/conversations/pinnedanswer/change_list.html"
    list_display = ("question", "excerpt", "language", "channel", "author", "updated_at")
    list_filter = ("channel", "language")
    list_select_related = ("channel", "author")
    search_fields = ("question", "answer")
    ordering = ("question", "id")
    fields = ("question", "answer", "language", "channel")

    @admin.display(description=_("answer"))
    def excerpt(self, pin: PinnedAnswer) -> str:
        return Truncator(pin.answer).chars(80)

    def get_urls(self) -> list[URLPattern]:
        views, wrap = CachedAnswerViews(self), self.admin_site.admin_view
        own = [
            path("cached/", wrap(views.page), name="conversations_cachedanswers"),
            path("cached/drop/", wrap(require_POST(views.drop)), name="conversations_cachedanswer_drop"),
            path(
                "cached/drop-all/",
                wrap(require_POST(views.drop_all)),
                name="conversations_cachedanswer_drop_all",
            ),
        ]
        return own + super().get_urls()

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Begin with the cached answer that `?channel=…&key=…` names."""
        form = EntryForm(request.GET)
        if not form.is_valid():
            return {}
        channel = form.cleaned_data["channel"]
        kept = kept_answer(channel.pk, form.cleaned_data["key"])
        if kept is None:
            return {"channel": channel.pk}
        return {
            "channel": channel.pk,
            "question": kept.question,
            "answer": kept.reply.text,
            "language": kept.language,
        }

    def save_model(self, request: HttpRequest, obj: PinnedAnswer, form: Any, change: bool) -> None:
        obj.author = request.user if request.user.is_authenticated else None
        super().save_model(request, obj, form, change)
