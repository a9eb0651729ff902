"""The site's own app (commands, stylesheet, checks) and its admin."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class BotsiteConfig(AppConfig):
    name = "botsite"
    verbose_name = "Botsite"

    def ready(self) -> None:
        from botsite import checks  # noqa: F401  registers the system checks
        from botsite.telemetry.database_watch import watch_databases

        watch_databases()


class BotsiteAdminConfig(AdminConfig):
    default_site = "botsite.admin.BotsiteAdminSite"
