"""The assistants' profiles: who the assistant is on a channel, in versions that can be gone back to."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from botsite.admin import ModelAdmin
from conversations.admin.base import badge
from conversations.admin.profile_form import ProfileForm
from conversations.admin.profile_versions import VersionViews
from conversations.llm.opening_hours import DAYS, is_open
from conversations.models import AssistantProfile
from conversations.services.assistant_profiles import newest_version, version_save


@admin.register(AssistantProfile)
class AssistantProfileAdmin(ModelAdmin[AssistantProfile]):
    """Saving makes a version, in use at once or as a draft; nothing is ever overwritten or deleted."""

    form = ProfileForm
    list_display = ("name", "version_in_use", "tone", "opening", "changed_at", "changed_by")
    list_select_related = ("channel", "active__author")
    fieldsets = (
        (None, {"fields": ("channel", "instructions", "tone", "language", "based_on")}),
        (
            _("Opening hours"),
            {
                "fields": (*DAYS, "timezone", "holidays"),
                "classes": ("hours",),
                "description": _(
                    "Like 09:00–13:00, 15:00–19:00; a time such as 20:00–02:00 ends on the next day. "
                    "All seven days empty: the assistant does not know the hours."
                ),
            },
        ),
        (_("History"), {"fields": ("comment",)}),
    )

    def has_delete_permission(self, request: HttpRequest, obj: AssistantProfile | None = None) -> bool:
        return False

    def get_readonly_fields(
        self, request: HttpRequest, obj: AssistantProfile | None = None
    ) -> tuple[str, ...]:
        return ("channel",) if obj else ()

    def get_urls(self) -> list[URLPattern]:
        views = VersionViews(self)
        own = [
            self._path("", views.page, name="version"),
            self._path("use/", require_POST(views.publish), name="version_use"),
            self._path("try/", require_POST(views.attempt), name="version_try"),
        ]
        return own + super().get_urls()

    def _path(self, step: str, view: Callable[..., HttpResponse], *, name: str) -> URLPattern:
        route = f"<int:pk>/versions/<int:number>/{step}"
        return path(route, self.admin_site.admin_view(view), name=f"assistantprofile_{name}")

    def save_model(self, request: HttpRequest, obj: AssistantProfile, form: Any, change: bool) -> None:
        with transaction.atomic():
            super().save_model(request, obj, form, change)
            version_save(
                obj,
                content=form.content(),
                author=request.user if request.user.is_authenticated else None,
                comment=form.cleaned_data["comment"],
                publish="_save" in request.POST,
            )

    def response_add(
        self, request: HttpRequest, obj: AssistantProfile, post_url_continue: str | None = None
    ) -> HttpResponse:
        return self._response(request, obj)

    def response_change(self, request: HttpRequest, obj: AssistantProfile) -> HttpResponse:
        return self._response(request, obj)

    def _response(self, request: HttpRequest, profile: AssistantProfile) -> HttpResponse:
        """Stay on the page, or go on to the simulator."""
        version = newest_version(profile)
        assert version is not None  # noqa: S101 - save_model has made one
        if "_try" in request.POST:
            return VersionViews(self).to_simulator(request, version)
        profile.refresh_from_db()
        told = _("Version %(number)d is in use.")
        if profile.active_id != version.pk:
            told = _("Version %(number)d is kept as a draft; customers do not see it yet.")
        messages.success(request, told % {"number": version.number})
        return HttpResponseRedirect(reverse("admin:conversations_assistantprofile_change", args=[profile.pk]))

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: AssistantProfile | None = None,
    ) -> HttpResponse:
        if obj:
            context["versions"] = obj.versions.select_related("author")
        return super().render_change_form(request, context, add, change, form_url, obj)

    @admin.display(description=_("assistant of"), ordering="channel__name")
    def name(self, profile: AssistantProfile) -> str:
        return str(profile)

    @admin.display(description=_("version in use"))
    def version_in_use(self, profile: AssistantProfile) -> str:
        return str(profile.active.number) if profile.active else "–"

    @admin.display(description=_("tone"))
    def tone(self, profile: AssistantProfile) -> str:
        return profile.active.get_tone_display() if profile.active else "–"

    @admin.display(description=_("now"))
    def opening(self, profile: AssistantProfile) -> SafeString | str:
        hours = profile.active.as_profile().hours if profile.active else None
        if hours is None or not any(hours.week):
            return "–"
        if is_open(hours, timezone.now()):
            return badge("up", str(_("open")))
        return badge("closed", str(_("closed")))

    @admin.display(description=_("changed"))
    def changed_at(self, profile: AssistantProfile) -> Any:
        return profile.active.created_at if profile.active else None

    @admin.display(description=_("author"))
    def changed_by(self, profile: AssistantProfile) -> Any:
        return profile.active.author if profile.active else None
