"""The kept answers as staff see them: what there is, what each has saved, and dropping them."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from django.db.models import Count, Sum
from django.utils import timezone

from botsite.caching import AI_RESPONSE, MISSING, Entry, entries, get, invalidate, invalidate_matching
from conversations.llm.response_cache import KeptAnswer, answer_from_json
from conversations.models import Run
from conversations.services.answer_state import answer_state
from conversations.services.assistant_profiles import channel_profile
from conversations.services.response_cache import version_of
from sessions_app.models import Channel

MOST_LISTED = 100


@dataclass(frozen=True, slots=True)
class CachedAnswer:
    """A kept answer. `is_current`: it fits the channel's profile and knowledge of now, else it is not given.

    `hits` and `saved_usd` are those of the runs that it has answered.
    """

    key: str
    kept: KeptAnswer
    age: timedelta
    is_current: bool
    hits: int
    saved_usd: Decimal

    @property
    def minutes(self) -> int:
        """How old it is, in whole minutes."""
        return int(self.age.total_seconds()) // 60


@dataclass(frozen=True, slots=True)
class CachedAnswers:
    """Answers kept for a channel, the newest first; not `is_complete` when there may be more."""

    answers: tuple[CachedAnswer, ...]
    is_complete: bool


def cached_answers(channel: Channel, *, limit: int = MOST_LISTED) -> CachedAnswers:
    """Return what is kept for a channel, in at most four queries. Raises redis.RedisError."""
    listing = entries(AI_RESPONSE, limit=limit, channel=channel.pk)
    version = version_of(channel_profile(channel), answer_state(channel.pk)["knowledge"])
    used = _used(entry.parts["digest"] for entry in listing.entries)
    answers = []
    for entry in listing.entries:
        with suppress(ValueError, TypeError, KeyError):
            answers.append(_answer(entry, version, used))
    return CachedAnswers(tuple(answers), listing.is_complete)


def kept_answer(channel_id: int, key: str) -> KeptAnswer | None:
    """Return the answer kept under `key` for a channel, if there is one."""
    value = get(AI_RESPONSE, channel=channel_id, digest=key)
    if value is MISSING:
        return None
    with suppress(ValueError, TypeError, KeyError):
        return answer_from_json(value)
    return None


def answer_drop(channel: Channel, key: str) -> None:
    """Let nobody be given the answer kept under `key` any more, nor one that is being made."""
    invalidate(AI_RESPONSE, channel=channel.pk, digest=key)


def answers_drop(channel: Channel) -> None:
    """Let nobody be given any answer kept for the channel any more."""
    invalidate_matching(AI_RESPONSE, channel=channel.pk)


def _answer(entry: Entry, version: str, used: dict[str, tuple[int, Decimal]]) -> CachedAnswer:
    key, kept = entry.parts["digest"], answer_from_json(entry.value)
    hits, saved = used.get(key, (0, Decimal(0)))
    return CachedAnswer(key, kept, timedelta(seconds=entry.age), kept.version == version, hits, saved)


def _used(keys: Iterable[str]) -> dict[str, tuple[int, Decimal]]:
    """Count the runs of each key since the oldest answer that can be kept was made."""
    since = timezone.now() - timedelta(seconds=AI_RESPONSE.ttl)
    runs = Run.objects.filter(cache_key__in=list(keys), started_at__gte=since)
    counts = runs.values("cache_key").annotate(hits=Count("pk"), saved=Sum("saved_usd"))
    return {row["cache_key"]: (row["hits"], row["saved"] or Decimal(0)) for row in counts}
