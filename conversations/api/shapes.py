"""What the API takes: bodies and query parameters, checked before anything is done with them."""

from typing import Any

from rest_framework import serializers

from botsite.api.pagination import PageQuery
from conversations.models import Direction, InboundState, OutboundState

STATES = sorted({*InboundState.values, *OutboundState.values})


class TemplateBody(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=512)
    language = serializers.CharField(max_length=15)
    parameters = serializers.ListField(
        child=serializers.CharField(max_length=1024), max_length=50, default=list
    )


class MessageBody(serializers.Serializer[Any]):
    """An order to send; `text` or `template`, and not both."""

    channel = serializers.CharField(max_length=50)
    to = serializers.CharField(max_length=200)
    text = serializers.CharField(required=False)
    template = TemplateBody(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("text" in attrs) == ("template" in attrs):
            raise serializers.ValidationError("Give either text or template.")
        return attrs


class ChannelQuery(serializers.Serializer[Any]):
    channel = serializers.CharField(max_length=50, required=False)


class MessagesQuery(PageQuery):
    state = serializers.ChoiceField(choices=STATES, required=False)
    user = serializers.CharField(max_length=200, required=False)
    direction = serializers.ChoiceField(choices=Direction.choices, required=False)
    channel = serializers.CharField(max_length=50, required=False)


class NameField(serializers.CharField):
    """A name in words: a number is refused, for it may have lost its leading zeros or its last digits."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class UserUpdateBody(serializers.Serializer[Any]):
    """A user whose data have changed, and what is to be done about it beside forgetting the cached ones."""

    userId = NameField(max_length=200)
    changes = serializers.ListField(
        child=serializers.ChoiceField(choices=["enrichment"]), max_length=10, default=list
    )


class TranscriptQuery(PageQuery, ChannelQuery):
    """A page of one user's messages."""
