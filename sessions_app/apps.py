"""Our end of WhatsApp: channels and their providers."""

from contextlib import suppress
from typing import Any

from django.apps import AppConfig
from django.db import ProgrammingError
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _

from botsite.telemetry.redact import hide_fields
from sessions_app.providers.registry import PROVIDERS


class SessionsAppConfig(AppConfig):
    name = "sessions_app"
    verbose_name = _("Channels")

    def ready(self) -> None:
        from sessions_app.services import channels, devices  # noqa: F401  listen for what is changed

        for provider in PROVIDERS.values():
            hide_fields(provider.private_fields)
        post_migrate.connect(_create_first_channels, sender=self)


def _create_first_channels(**_: Any) -> None:
    from sessions_app.services.first_channels import first_channels_create  # models are loaded by now

    with suppress(ProgrammingError):  # only a part was migrated: there is no table, or an older one
        first_channels_create()
