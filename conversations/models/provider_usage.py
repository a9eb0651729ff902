"""What each provider was asked for since the beginning: sums that outlive the runs they were made of."""

from django.db import models


class ProviderUsage(models.Model):
    """A part of one provider's sums; all of its shards together are the sums.

    Replies that are committed at the same time would wait for each other's row: the shards keep them apart.
    """

    provider = models.CharField(max_length=40)
    shard = models.PositiveSmallIntegerField()
    input_tokens = models.BigIntegerField(default=0)
    cached_tokens = models.BigIntegerField(default=0)
    output_tokens = models.BigIntegerField(default=0)
    cost_usd = models.DecimalField(max_digits=20, decimal_places=9, null=True)
    runs_without_cost = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("provider", "shard"), name="provider_usage_once_a_shard"),
        ]

    def __str__(self) -> str:
        return f"{self.provider} · {self.shard}"
