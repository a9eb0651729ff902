"""What the model's functions have changed for a customer: a turn that is run again changes it no more."""

from django.db import models

from conversations.models.message import Message


class ExecutedCall(models.Model):
    """The `occurrence`-th change (from 0) of its kind, made to answer the burst which `message` begins.

    Written in the transaction of the change itself. `subject` is what was changed, such as a product's SKU;
    `details` are the arguments that matter to whoever is told of it again.
    """

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=64)
    subject = models.CharField(max_length=64, blank=True)
    occurrence = models.PositiveSmallIntegerField()
    details = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=("message", "name", "subject", "occurrence"), name="executed_call_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.message_id}"
