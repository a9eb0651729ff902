"""A version of a profile beside another, and what can be done with it: use it, go back to it, try it."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from botsite.admin import ModelAdmin
from conversations.admin.forms import AgainstForm
from conversations.admin.version_diff import version_diff
from conversations.models import AssistantProfile, ProfileVersion
from conversations.services import simulator
from conversations.services.assistant_profiles import version_publish


class VersionViews:
    """The views of a profile's versions in `model_admin`, wrapped by it in `admin_view`."""

    def __init__(self, model_admin: ModelAdmin[AssistantProfile]) -> None:
        self.model_admin = model_admin

    def page(self, request: HttpRequest, pk: int, number: int) -> HttpResponse:
        """The version, compared with the one before it or with `?against=`."""
        version = self._version(request, pk, number)
        if not self.model_admin.has_view_permission(request, version.profile):
            raise PermissionDenied
        form = AgainstForm(request.GET)
        against = form.cleaned_data["against"] if form.is_valid() else None
        others = ProfileVersion.objects.filter(profile=version.profile).exclude(pk=version.pk)
        older = others.filter(number=against or number - 1).first()
        context = {
            **self.model_admin.admin_site.each_context(request),
            "title": f"{version.profile} · {version}",
            "opts": self.model_admin.opts,
            "version": version,
            "profile": version.profile,
            "against": older,
            "others": others,
            "fields": version_diff(older, version),
            "may_change": self.model_admin.has_change_permission(request, version.profile),
        }
        return TemplateResponse(request, "admin/conversations/assistantprofile/version.html", context)

    def publish(self, request: HttpRequest, pk: int, number: int) -> HttpResponse:
        """Use this version from now on: a draft itself, of an older one a copy."""
        version = self._version_to_change(request, pk, number)
        user = request.user
        if not user.is_authenticated:
            raise PermissionDenied
        comment = _("Copy of version %(number)d.") % {"number": number}
        used = version_publish(version, author=user, comment=comment)
        self.model_admin.log_change(request, version.profile, f"Used version {number} as {used.number}.")
        messages.success(request, _("Version %(number)d is in use.") % {"number": used.number})
        return self._to_profile(version.profile)

    def attempt(self, request: HttpRequest, pk: int, number: int) -> HttpResponse:
        """Open the simulator with a new conversation that this version answers."""
        return self.to_simulator(request, self._version_to_change(request, pk, number))

    def to_simulator(self, request: HttpRequest, version: ProfileVersion) -> HttpResponse:
        """Redirect to a new simulated conversation with `version`."""
        chat = simulator.try_version(request.user.pk or 0, version)
        return HttpResponseRedirect(f"{reverse('simulator')}?conversation={chat.number}")

    def _version(self, request: HttpRequest, pk: int, number: int) -> ProfileVersion:
        rows = ProfileVersion.objects.select_related("profile__channel", "profile__active", "author")
        version = rows.filter(profile=pk, number=number).first()
        if version is None:
            raise Http404
        return version

    def _version_to_change(self, request: HttpRequest, pk: int, number: int) -> ProfileVersion:
        version = self._version(request, pk, number)
        if not self.model_admin.has_change_permission(request, version.profile):
            raise PermissionDenied
        return version

    def _to_profile(self, profile: AssistantProfile) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:conversations_assistantprofile_change", args=[profile.pk]))
