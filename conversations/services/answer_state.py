"""What decides which kept answers of a channel still hold: the state of its knowledge, and what staff pinned.

Read through the cache, and forgotten in every process as soon as a row of either has changed.
"""

import hashlib
from collections.abc import Mapping
from typing import Any, TypedDict

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, Q, QuerySet, TextField
from django.db.models.functions import MD5, Cast, JSONObject

from botsite.caching import ANSWER_STATE, get_or_load, invalidate_on_commit
from conversations.models import KnowledgeEntry, PinnedAnswer
from sessions_app.models import Channel

Changing = KnowledgeEntry | PinnedAnswer


class Pin(TypedDict):
    """A pinned answer as it is cached."""

    id: int
    answer: str


class AnswerState(TypedDict):
    """`knowledge` changes with every change of the entries that a channel's answers come from.

    `pins` are those of the channel and of all, by normalized question and language ("": any).
    """

    knowledge: str
    pins: dict[str, dict[str, Pin]]


def answer_state(channel_id: int) -> AnswerState:
    """Return the state of a channel; one query when it is not cached."""

    def load() -> AnswerState:
        return _read(channel_id)

    state: AnswerState = get_or_load(ANSWER_STATE, load, channel=channel_id)
    return state


def pin_of(pins: Mapping[str, Mapping[str, Pin]], *, normalized: str, language: str) -> Pin | None:
    """Return the answer pinned to a question: the one for its language before the one for any."""
    by_language = pins.get(normalized)
    return (by_language.get(language) or by_language.get("")) if by_language else None


def row_about_to_change(sender: object, instance: Changing, **_kwargs: Any) -> None:
    """Receive pre_save: a row that moves to another channel changes the one that it leaves too."""
    before = type(instance).objects.filter(pk=instance.pk).values_list("channel_id", flat=True)
    for channel_id in before if instance.pk else ():
        if channel_id != instance.channel_id:
            _changed(channel_id)


def row_changed(sender: object, instance: Changing, **_kwargs: Any) -> None:
    """Receive post_save and post_delete."""
    _changed(instance.channel_id)


def _changed(channel_id: int | None) -> None:
    """Forget the state of the channel, or of all where a row is for all; in the transaction that writes."""
    if channel_id is None:
        invalidate_on_commit(ANSWER_STATE)
    else:
        invalidate_on_commit(ANSWER_STATE, channel=channel_id)


def _read(channel_id: int) -> AnswerState:
    # Both in one query. Of an entry its time counts too: knowledge changed back is in another state.
    concerning = Q(channel=channel_id) | Q(channel=None)
    entries = KnowledgeEntry.objects.filter(concerning, is_active=True).order_by("pk")
    pins = PinnedAnswer.objects.filter(concerning).order_by(F("channel").asc(nulls_first=True))
    found = (
        Channel.objects.filter(pk=channel_id)
        .values_list(ArraySubquery(_digests(entries)), ArraySubquery(_as_json(pins)))
        .first()
    )
    digests, rows = found or ((), ())
    state: AnswerState = {"knowledge": hashlib.sha256("".join(digests).encode()).hexdigest(), "pins": {}}
    for row in rows:  # the channel's own come last, and replace those for all
        pin: Pin = {"id": row["id"], "answer": row["answer"]}
        state["pins"].setdefault(row["normalized"], {})[row["language"]] = pin
    return state


def _digests(entries: QuerySet[KnowledgeEntry]) -> QuerySet[Any, Any]:
    names = ("id", "channel_id", "language", "question", "answer", "updated_at")
    return entries.values_list(MD5(Cast(JSONObject(**{name: name for name in names}), TextField())))


def _as_json(pins: QuerySet[PinnedAnswer]) -> QuerySet[Any, Any]:
    names = ("id", "language", "normalized", "answer")
    return pins.values_list(JSONObject(**{name: name for name in names}))
