"""Who does the jobs that one process does for all."""

from django.db import models

from botsite.resilience.leases import LeasedRow


class Watch(LeasedRow):
    """The one row `monitor`: its lease elects a process; rules were last gone through at `evaluated_at`."""

    name = models.CharField(max_length=30, unique=True)
    holder = models.CharField(max_length=100, blank=True)
    evaluated_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.name
