"""The API's app: its keys and their admin."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ApiConfig(AppConfig):
    name = "botsite.api"
    label = "api"
    verbose_name = _("API")
