"""The site's own app (commands, stylesheet, checks) and its admin."""

from axes.apps import AppConfig as AxesConfig
from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from django.utils.translation import gettext_lazy as _


class BotsiteConfig(AppConfig):
    name = "botsite"
    verbose_name = "Botsite"

    def ready(self) -> None:
        from botsite import checks  # noqa: F401  registers the system checks
        from botsite.telemetry.database_watch import watch_databases

        watch_databases()


class BotsiteAdminConfig(AdminConfig):
    default_site = "botsite.admin.BotsiteAdminSite"


class LoginLockoutConfig(AxesConfig):  # type: ignore[misc]  # it has no types
    """django-axes under a name that staff understand, with our report of lock-outs."""

    verbose_name = _("Log-ins")

    def ready(self) -> None:
        super().ready()
        from botsite import login_admin, login_lockout  # noqa: F401  registers the admin and the receiver
