"""The permission to see the managers' dashboard."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Dashboard(models.Model):  # noqa: DJ008
    """No table: permissions need a model, and the dashboard has no rows of its own."""

    class Meta:
        managed = False
        default_permissions = ()
        permissions = [("view_dashboard", _("Can see the dashboard"))]
        verbose_name = _("dashboard")
        verbose_name_plural = _("dashboards")
