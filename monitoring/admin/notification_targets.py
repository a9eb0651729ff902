"""Whom alerts are told to."""

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AdminTextInputWidget
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.forms import Field as FormField
from django.http import HttpRequest
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from botsite.admin import ModelAdmin
from botsite.resilience.addresses import check_outside_url
from botsite.telemetry.redact import mask_phone
from monitoring.models import NotificationTarget, TargetKind
from sessions_app.admin.channel_form import REFUSALS
from sessions_app.admin.secret import SecretField

if TYPE_CHECKING:
    ModelForm = forms.ModelForm[NotificationTarget]
else:
    ModelForm = forms.ModelForm

_PHONE = re.compile(r"\+?[1-9]\d{7,14}")


class TargetForm(ModelForm):
    """The address has to be one of its kind."""

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        kind, address = self.cleaned_data.get("kind"), self.cleaned_data.get("address") or ""
        try:
            _CHECKS.get(str(kind), _nothing)(address)
        except ValidationError as error:
            self.add_error("address", error)
        if kind == TargetKind.WHATSAPP and not self.cleaned_data.get("channel"):
            self.add_error("channel", _("Choose the channel that it is sent on."))
        return cleaned


def _nothing(_address: str) -> None:
    """Without a kind there is nothing to check."""


def _check_url(address: str) -> None:
    try:
        check_outside_url(address.partition("?")[0])
    except ValueError as error:
        raise ValidationError(REFUSALS[str(error)], code=str(error)) from None


def _check_phone(address: str) -> None:
    if not _PHONE.fullmatch(address):
        raise ValidationError(_("Digits only, with the country code: 573001234567."))


_CHECKS: Mapping[str, Callable[[str], None]] = {
    TargetKind.EMAIL.value: validate_email,
    TargetKind.WEBHOOK.value: _check_url,
    TargetKind.WHATSAPP.value: _check_phone,
}


@admin.register(NotificationTarget)
class NotificationTargetAdmin(ModelAdmin[NotificationTarget]):
    """Addresses are shown in full on the page of each alone."""

    form = TargetForm
    list_display = ("name", "kind", "masked", "minimum_severity", "delay_minutes", "is_enabled")
    list_filter = ("kind", "is_enabled")
    fieldsets = (
        (None, {"fields": ("name", "kind", "address", "language", "is_enabled")}),
        (_("When"), {"fields": ("minimum_severity", "delay_minutes")}),
        (_("Webhook"), {"fields": ("secret",)}),
        ("WhatsApp", {"fields": ("channel", "template")}),
    )

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> FormField | None:
        if db_field.name == "secret":
            return SecretField(
                required=False, label=capfirst(db_field.verbose_name), help_text=db_field.help_text
            )
        if db_field.name == "address":
            kwargs["widget"] = AdminTextInputWidget()
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    @admin.display(description=_("address"))
    def masked(self, target: NotificationTarget) -> str:
        if target.kind == TargetKind.WHATSAPP:
            return mask_phone(target.address)
        scheme, separator, rest = target.address.partition("://")
        return f"{scheme}://{rest.partition('/')[0]}/…" if separator else target.address
