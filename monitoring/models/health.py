"""How the parts of the site are: now, and since when; and which processes are alive."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Status(models.TextChoices):
    """Degraded: it works, and somebody should look. Unknown: nobody could tell."""

    UP = "up", _("working")
    DEGRADED = "degraded", _("impaired")
    DOWN = "down", _("not working")
    UNKNOWN = "unknown", _("unknown")


class HealthSpan(models.Model):
    """A time in which a check found the same again and again, from the first look to the last.

    The look that finds another status ends it and begins the next. Between two spans that do not touch
    nobody looked: nothing is known of that time.
    """

    check_name = models.CharField(_("check"), max_length=100)
    status = models.CharField(_("status"), max_length=10, choices=Status)
    began_at = models.DateTimeField(_("began"))
    ended_at = models.DateTimeField(_("until"))
    detail = models.CharField(_("detail"), max_length=300, blank=True)
    detail_values = models.JSONField(default=dict, editable=False)

    class Meta:
        verbose_name = _("health history entry")
        verbose_name_plural = _("health history")
        default_permissions = ("view",)
        constraints = [
            models.CheckConstraint(
                condition=Q(ended_at__gte=models.F("began_at")), name="health_span_ends_after_it_began"
            ),
        ]
        # None on ended_at: it changes at every look, and an index would make each a new entry.
        indexes = [models.Index(fields=("-began_at",), name="health_span_began")]

    def __str__(self) -> str:
        return f"{self.check_name}: {self.get_status_display()}"


class HealthCheck(models.Model):
    """The latest look of one check. Its status, since when and when last looked are those of its span.

    `detail` is a msgid with `detail_values` to fill in. `period_seconds`: how often it looks.
    """

    name = models.CharField(_("check"), max_length=100, primary_key=True)
    span = models.OneToOneField(HealthSpan, on_delete=models.CASCADE, related_name="+")
    period_seconds = models.FloatField()
    latency_ms = models.FloatField(_("latency"), null=True)
    figures = models.JSONField(default=dict)
    detail = models.CharField(_("detail"), max_length=300, blank=True)
    detail_values = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("health check")
        verbose_name_plural = _("health checks")
        default_permissions = ()

    def __str__(self) -> str:
        return self.name


class ProcessKind(models.TextChoices):
    WEB = "web", _("web server")
    WORKER = "worker", _("worker")
    BEAT = "beat", _("scheduler (beat)")


class ProcessHeartbeat(models.Model):
    """A process that said it is alive. One that ended properly takes its row away; a killed one leaves it."""

    kind = models.CharField(_("kind"), max_length=10, choices=ProcessKind)
    host = models.CharField(_("host"), max_length=100)
    pid = models.PositiveIntegerField(_("process"))
    started_at = models.DateTimeField(_("started"))
    seen_at = models.DateTimeField(_("last seen"))
    rss_bytes = models.BigIntegerField(_("memory"), null=True, help_text=_("In bytes."))
    cpu_percent = models.FloatField(_("CPU"), null=True, help_text=_("Of one core, in percent."))
    memory_percent = models.FloatField(
        _("memory of the machine"), null=True, help_text=_("In use, in percent.")
    )
    disk_percent = models.FloatField(_("disk of the machine"), null=True, help_text=_("In use, in percent."))

    class Meta:
        verbose_name = _("process")
        verbose_name_plural = _("processes")
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(fields=("kind", "host", "pid"), name="process_heartbeat_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.host}:{self.pid}"
