"""What was counted and sampled in one minute or one hour."""

from django.db import models


class Granularity(models.TextChoices):
    MINUTE = "minute"
    HOUR = "hour"


class MetricBucket(models.Model):
    """The figures of one stretch of time; that there is a row at all says that this time is known.

    Counts are copied from Redis as a whole, never added to: `source` is the epoch of the hash that they come
    from (Redis was emptied within the minute: there are two rows), `version` how often that was written to.
    So a copy may be repeated, by anybody, and the newest one stands. An hour has one row for all its minutes.
    Sampled gauges have rows of their own. `data` is read and written by services/bucket_data.py.
    """

    COUNTS = "counts"
    GAUGES = "gauges"

    granularity = models.CharField(max_length=6, choices=Granularity)
    start = models.DateTimeField()
    source = models.CharField(max_length=32)
    version = models.BigIntegerField(default=0)
    known_until = models.DateTimeField(help_text="What happened later is not in here.")
    data = models.JSONField(default=dict)

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=("granularity", "start", "source"), name="metric_bucket_unique"
            )  # the reads' and retention's index too
        ]

    def __str__(self) -> str:
        return f"{self.granularity} {self.start:%Y-%m-%d %H:%M} {self.source}"
