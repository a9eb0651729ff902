"""What the API of sessions takes and answers, for its description; items.py reads the reports themselves."""

from typing import Any

from rest_framework import serializers

CHANNEL_HELP = "A channel's slug; else the key's only one, else `default`."


class ChannelNamed(serializers.Serializer[Any]):
    channel = serializers.CharField(max_length=50, required=False, help_text=CHANNEL_HELP)


class _Report(ChannelNamed):
    sessionId = serializers.CharField(max_length=128)
    timestamp = serializers.CharField(
        required=False,
        help_text="The gateway's time: ISO 8601, or seconds since 1970. Older never overwrites.",
    )
    priority = serializers.ChoiceField(
        ["high", "normal"], required=False, help_text="How soon Laravel hears."
    )


class QrBody(_Report):
    qr = serializers.CharField(
        help_text="What the QR code says, or it as an image (data:image/png;base64,…)."
    )


class StatusBody(_Report):
    status = serializers.CharField(max_length=40, help_text="active, inactive, pending, or another word.")


class QrBatchBody(ChannelNamed):
    items = QrBody(many=True, help_text="1 to 1000; one that is not valid never fails the rest.")


class StatusBatchBody(ChannelNamed):
    items = StatusBody(many=True, help_text="1 to 1000; one that is not valid never fails the rest.")


class RejectedItem(serializers.Serializer[Any]):
    index = serializers.IntegerField()
    code = serializers.CharField()
    message = serializers.CharField()


class ReportAnswer(serializers.Serializer[Any]):
    batchId = serializers.UUIDField()
    accepted = serializers.IntegerField()
    duplicates = serializers.IntegerField(help_text="Repeats, and what is older than what is known.")
    rejected = RejectedItem(many=True)


class OwnerField(serializers.CharField):
    """The caller's own id of somebody: a whole number, or words."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str | int) or isinstance(data, bool):
            self.fail("invalid")
        return super().to_internal_value(str(data))


class StartBody(ChannelNamed):
    user_id = OwnerField(max_length=64, help_text="The caller's own id of the owner: a number or a text.")


class StartAnswer(serializers.Serializer[Any]):
    sessionId = serializers.CharField()
    status = serializers.CharField()


class SessionQuery(ChannelNamed):
    maxAge = serializers.FloatField(
        required=False,
        min_value=1,
        max_value=31_536_000,
        help_text="Ask the gateway when what is known is older, in seconds; a year at the most.",
    )


class QrAnswer(serializers.Serializer[Any]):
    qr = serializers.CharField()
    version = serializers.IntegerField()
    issuedAt = serializers.DateTimeField()
    expiresAt = serializers.DateTimeField()


class SessionAnswer(serializers.Serializer[Any]):
    sessionId = serializers.CharField()
    channel = serializers.CharField(allow_null=True)
    status = serializers.CharField(help_text="`unknown` when nobody knows.")
    asOf = serializers.DateTimeField(allow_null=True)
    source = serializers.ChoiceField(  # type: ignore[assignment]  # Field.source is something else
        ["memory", "redis", "database", "gateway"]
    )
    owner = serializers.CharField(
        required=False, allow_blank=True, help_text="The `user_id` of `/start`; empty: nobody's."
    )
    createdAt = serializers.DateTimeField(required=False, help_text="Since when the session is known.")
    qr = QrAnswer(required=False, help_text="While there is one to be scanned.")
