"""Channels in the admin: what staff set up, with the secrets out of sight."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, QuerySet
from django.forms import Field as FormField
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from botsite.admin import ModelAdmin
from botsite.encryption import EncryptedTextField
from sessions_app.admin.channel_form import ChannelForm
from sessions_app.admin.secret import SecretField
from sessions_app.models import Channel
from sessions_app.providers.base import ChannelHealth, HealthState
from sessions_app.services.channels import webhook_secret_renew
from sessions_app.services.connections import channel_check
from sessions_app.services.starting import NotStartable, device_link

HEALTH_WORDS = {
    HealthState.UP: (messages.SUCCESS, _("%(channel)s: the connection works.")),
    HealthState.DEGRADED: (messages.WARNING, _("%(channel)s: the connection works with restrictions.")),
    HealthState.DOWN: (messages.ERROR, _("%(channel)s: the connection does not work.")),
    HealthState.UNKNOWN: (messages.WARNING, _("%(channel)s: nobody can tell whether the connection works.")),
}


@admin.register(Channel)
class ChannelAdmin(ModelAdmin[Channel]):
    """What staff set up of a channel."""

    form = ChannelForm
    list_display = ("slug", "name", "kind", "is_active", "user_count")
    list_display_links = ("slug", "name")
    list_filter = ("kind", "is_active")
    search_fields = ("slug", "name", "phone_number_id")
    actions = ("check_connection", "link_phone", "renew_webhook_secret")
    fieldsets = (
        (None, {"fields": ("slug", "name", "kind", "is_active", "language")}),
        (
            _("Connection"),
            {
                "fields": ("webhook_address", "phone_number_id", "instance", "base_url", "api_version"),
                "description": _(
                    "Cloud API: the phone number id. Evolution and WAHA: the instance (WAHA calls it session)"
                    " and the base URL, which the operator sets with manage.py create_channel; the access"
                    " token is the key for calling them, the app secret what signs or comes with webhooks."
                ),
            },
        ),
        (
            _("Secrets"),
            {
                "fields": ("app_secret", "previous_app_secret", "access_token", "verify_token"),
                "description": _("Stored encrypted and never shown. Leave a field empty to keep its value."),
            },
        ),
        (_("Sending"), {"fields": ("unknown_send_policy", "window_template")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Channel]:
        return super().get_queryset(request).annotate(users_known=Count("users"))

    def get_readonly_fields(self, request: HttpRequest, obj: Channel | None = None) -> tuple[str, ...]:
        # A channel's customers and their names belong to its kind.
        return ("webhook_address", *(("kind",) if obj else ()))

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> FormField | None:
        if isinstance(db_field, EncryptedTextField):
            return SecretField(
                label=capfirst(db_field.verbose_name), help_text=db_field.help_text, required=False
            )
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    @admin.display(description=_("users"), ordering="users_known")
    def user_count(self, channel: Channel) -> int:
        return int(getattr(channel, "users_known", 0))

    @admin.display(description=_("webhook address"))
    def webhook_address(self, channel: Channel) -> SafeString | str:
        if not channel.pk:
            return str(_("Shown once the channel is saved."))
        return format_html('<code class="copyable">{}</code>', reverse("webhook", args=[channel.slug]))

    @admin.action(description=_("Check the connection"), permissions=["view"])
    def check_connection(self, request: HttpRequest, queryset: QuerySet[Channel]) -> None:
        """Ask the providers, a few seconds each at the worst."""
        for channel in queryset:
            health = channel_check(channel)
            level, words = HEALTH_WORDS[health.state]
            self.message_user(request, _health_line(words % {"channel": channel}, health), level)

    def has_link_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("sessions_app.change_device")

    @admin.action(description=_("Link a phone"), permissions=["link"])
    def link_phone(self, request: HttpRequest, queryset: QuerySet[Channel]) -> HttpResponse | None:
        """Have the channel's session started, and show its page, where the QR code comes."""
        answer = None
        for channel in queryset:
            try:
                device = device_link(channel)
            except NotStartable:
                words = _("%(channel)s: no phone is linked to a channel of this kind.")
                self.message_user(request, words % {"channel": channel}, messages.WARNING)
                continue
            self.log_change(request, channel, f"ordered: {device.order}")
            answer = HttpResponseRedirect(reverse("admin:sessions_app_device_change", args=[device.pk]))
        return answer

    @admin.action(description=_("Make a new webhook secret"), permissions=["change"])
    def renew_webhook_secret(self, request: HttpRequest, queryset: QuerySet[Channel]) -> None:
        """Show the new secret this once; the old one is accepted until the next renewal."""
        for channel in queryset:
            try:
                secret = webhook_secret_renew(channel)
            except ValueError:
                words = _("%(channel)s: the provider chooses this secret; enter it on the channel's page.")
                self.message_user(request, words % {"channel": channel}, messages.WARNING)
                continue
            self.log_change(request, channel, [{"changed": {"fields": ["app secret"]}}])
            words = _("%(channel)s: give the provider this secret now, it is not shown again: %(secret)s")
            self.message_user(request, words % {"channel": channel, "secret": secret}, messages.SUCCESS)


def _health_line(words: str, health: ChannelHealth) -> str:
    return f"{words} ({health.detail})" if health.detail else words
