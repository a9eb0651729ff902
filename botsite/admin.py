"""The admin site: Django's own under our name and with our look (templates/admin, static/botsite)."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin as ModelAdmin
else:

    class ModelAdmin(admin.ModelAdmin):
        """Django's, which is generic only in its type stubs, made subscriptable: `ModelAdmin[Message]`."""

        empty_value_display = "–"

        def __class_getitem__(cls, _model):
            return cls


APP_ORDER = ("conversations", "shop", "sessions_app", "monitoring", "api", "auth", "axes", "admin")


class BotsiteAdminSite(admin.AdminSite):
    """Staff's daily work first, the keeping of accounts last."""

    site_header = "Botsite"
    site_title = "Botsite"
    site_url = None
    index_title = _("Start")

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        apps = super().get_app_list(request, app_label)
        rank = {label: position for position, label in enumerate(APP_ORDER)}
        return sorted(apps, key=lambda app: rank.get(app["app_label"], len(rank)))
