"""What the API answers, for its description; presenters.py makes it."""

from typing import Any

from rest_framework import serializers

from conversations.api.shapes import STATES
from conversations.models import Author, Direction


class AcceptedAnswer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    state = serializers.ChoiceField(choices=STATES)


class MessageAnswer(AcceptedAnswer):
    direction = serializers.ChoiceField(choices=Direction.choices)
    channel = serializers.CharField(help_text="The channel's slug.")
    user = serializers.CharField(allow_null=True, help_text="The name by which the outside knows the user.")
    author = serializers.ChoiceField(choices=Author.choices)
    kind = serializers.CharField()
    text = serializers.CharField()
    externalId = serializers.CharField(help_text="The provider's id; empty until there is one.")
    reason = serializers.CharField(help_text="Why it is in this state, where that needs saying.")
    createdAt = serializers.DateTimeField()


class PageAnswer(serializers.Serializer[Any]):
    results = MessageAnswer(many=True)
    next = serializers.URLField(allow_null=True, help_text="The address of the next page.")


class PausedAnswer(serializers.Serializer[Any]):
    userId = serializers.CharField(allow_null=True)
    channel = serializers.CharField()
    paused = serializers.BooleanField()


class IdentityAnswer(serializers.Serializer[Any]):
    kind = serializers.CharField()
    value = serializers.CharField()


class ThreadAnswer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    startedAt = serializers.DateTimeField()
    tokenCount = serializers.IntegerField()


class UserAnswer(PausedAnswer):
    name = serializers.CharField()
    userName = serializers.CharField()
    labels = serializers.ListField(child=serializers.CharField())
    language = serializers.CharField()
    identities = IdentityAnswer(many=True)
    pausedAt = serializers.DateTimeField(allow_null=True)
    thread = ThreadAnswer(allow_null=True)
    tokenTotal = serializers.IntegerField()
    lastActivity = serializers.DateTimeField(allow_null=True)
    createdAt = serializers.DateTimeField()


class UserUpdateAnswer(serializers.Serializer[Any]):
    userId = serializers.CharField()
    invalidated = serializers.BooleanField()
    enrichment = serializers.ChoiceField(choices=["scheduled", "none"])
