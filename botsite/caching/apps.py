"""The cache's app: it keeps invalidations in Postgres until Redis has heard of them."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CachingConfig(AppConfig):
    name = "botsite.caching"
    label = "caching"
    verbose_name = _("Cache")
