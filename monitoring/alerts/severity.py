"""How bad an alert is."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Severity(models.TextChoices):
    """From bad to worth knowing."""

    CRITICAL = "critical", _("critical")
    WARNING = "warning", _("warning")
    INFO = "info", _("information")

    @property
    def rank(self) -> int:
        """0 is the worst."""
        return list(Severity).index(self)

    @property
    def and_worse(self) -> list["Severity"]:
        """This one and those above it."""
        return list(Severity)[: self.rank + 1]
