"""API keys in admin: made (and shown once), listed, revoked; never deleted."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.contrib.postgres.forms import SimpleArrayField
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.text import capfirst, format_lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from botsite.admin import ModelAdmin
from botsite.api.keys import ROTATION_OVERLAP, KeyNotLive, api_key_rotate, api_keys_revoke, assign_token
from botsite.api.models import ApiKey, Scope

if TYPE_CHECKING:
    KeyForm = forms.ModelForm[ApiKey]
else:
    KeyForm = forms.ModelForm


class ApiKeyForm(KeyForm):
    scopes = forms.MultipleChoiceField(
        label=capfirst(_("scopes")),
        choices=[(value, format_lazy("{} · {}", value, label)) for value, label in Scope.choices],
        widget=forms.CheckboxSelectMultiple,
    )
    channels = SimpleArrayField(
        forms.SlugField(max_length=50),
        label=capfirst(_("channels")),
        required=False,
        help_text=_("Slugs, separated by commas. Empty: all channels."),
    )

    class Meta:
        model = ApiKey
        fields = ("name", "scopes", "channels", "calls_per_minute", "expires_at")


@admin.register(ApiKey)
class ApiKeyAdmin(ModelAdmin[ApiKey]):
    form = ApiKeyForm
    list_display = ("name", "prefix", "state", "scope_list", "channel_list", "last_used_at", "expires_at")
    search_fields = ("name", "prefix")
    readonly_fields = ("prefix", "state", "created_at", "last_used_at", "revoked_at")
    actions = ("rotate", "revoke")

    def get_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> tuple[str, ...]:
        chosen = ("name", "scopes", "channels", "calls_per_minute", "expires_at")
        return (*chosen, *self.readonly_fields) if obj else chosen

    def get_readonly_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> tuple[str, ...]:
        # The name stays: repeats of a request are known by it.
        return ("name", *self.readonly_fields) if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: ApiKey | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: bool) -> None:
        if not change:
            # Kept for the answer to this one request; a message would carry it in a cookie.
            request.new_api_key = assign_token(obj)  # type: ignore[attr-defined]
        super().save_model(request, obj, form, change)

    def response_add(
        self, request: HttpRequest, obj: ApiKey, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Show the key, once."""
        return self._show(request, obj, request.new_api_key)  # type: ignore[attr-defined]

    def _show(self, request: HttpRequest, key: ApiKey, token: str) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": _("The new API key"),
            "opts": self.opts,
            "api_key": key,
            "token": token,
        }
        response = TemplateResponse(request, "admin/api/apikey/created.html", context)
        add_never_cache_headers(response)
        return response

    @admin.action(description=_("Rotate the selected key"), permissions=["change"])
    def rotate(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> HttpResponse | None:
        """Make a successor and show it; both work for a while, so that the client can change over."""
        keys = list(queryset[:2])
        if len(keys) > 1:
            self.message_user(request, _("Rotate one key at a time."), messages.ERROR)
            return None
        try:
            successor, token = api_key_rotate(keys[0], overlap=ROTATION_OVERLAP)
        except KeyNotLive:
            self.message_user(request, _("Only a live key can be rotated."), messages.ERROR)
            return None
        self.log_addition(request, successor, [{"added": {}}])
        return self._show(request, successor, token)

    @admin.action(description=_("Revoke the selected keys"), permissions=["change"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        for key in queryset.filter(revoked_at=None):
            self.log_change(request, key, [{"changed": {"fields": ["revoked"]}}])
        revoked = api_keys_revoke(queryset)
        text = ngettext("%(count)d key revoked.", "%(count)d keys revoked.", revoked)
        self.message_user(request, text % {"count": revoked})

    @admin.display(description=_("state"))
    def state(self, key: ApiKey) -> str:
        if key.revoked_at:
            return str(_("revoked"))
        if key.expires_at and key.expires_at <= timezone.now():
            return str(_("expired"))
        return str(_("live"))

    @admin.display(description=_("scopes"))
    def scope_list(self, key: ApiKey) -> str:
        return ", ".join(key.scopes)

    @admin.display(description=_("channels"))
    def channel_list(self, key: ApiKey) -> str:
        return ", ".join(key.channels) or str(_("all"))
