"""What a turn needs to know about its customer, read through the cache: a hit costs no query, a miss one.

Whoever changes one of these fields calls `invalidate`. There is no way to put single fields into the cache:
what was read before somebody else's change could overwrite it. `refresh` reads the row again instead.
"""

from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from typing import Any, Self

from django.contrib.postgres.expressions import ArraySubquery
from django.db import DatabaseError
from django.db.models import F, FilteredRelation, OuterRef, Q
from django.db.models.functions import Coalesce, JSONArray

from botsite import caching
from botsite.caching import CLIENT_DATA
from botsite.telemetry import metrics
from botsite.telemetry.logging import get_logger
from conversations.models import UserIdentity, WhatsAppUser
from conversations.services.identities import preferred
from sessions_app.providers.base import Identity, IdentityKind

_DATES = ("last_activity", "thread_started_at")
_COMPUTED = ("last_activity", "thread_id", "thread_started_at", "thread_token_count")
_KINDS: dict[str, Any] = {
    **dict.fromkeys(("name", "user_name", "language", "chat_id"), str),
    **dict.fromkeys(_DATES, str | None),
    "labels": list,
    "thread_id": int | None,
    "thread_token_count": int,
}

log = get_logger("client_data")


@dataclass(frozen=True, slots=True)
class ClientData:
    """A customer as the turn sees them. Without a row to read, all is empty.

    `chat_id` is the name to write to. `thread_id` and its token count are those of the open thread;
    the count and `last_activity` are as of the last fold.
    """

    name: str = ""
    user_name: str = ""
    labels: tuple[str, ...] = ()
    language: str = ""
    chat_id: str = ""
    last_activity: datetime | None = None
    thread_id: int | None = None
    thread_started_at: datetime | None = None
    thread_token_count: int = 0

    @classmethod
    def decoded(cls, value: Any) -> Self:
        """Read what `encoded` wrote. Raises ValueError, TypeError or KeyError for anything else."""
        values = {field.name: value[field.name] for field in fields(cls)}
        if not all(isinstance(values[name], kind) for name, kind in _KINDS.items()):
            raise TypeError("a field of another kind")
        for name in _DATES:
            values[name] = values[name] and datetime.fromisoformat(values[name]).astimezone(UTC)
        return cls(**values | {"labels": tuple(map(str, values["labels"]))})

    def encoded(self) -> dict[str, Any]:
        """Return the fields as JSON values."""
        values = asdict(self) | {"labels": list(self.labels)}
        for name in _DATES:
            values[name] = values[name] and values[name].isoformat()
        return values


MINIMAL = ClientData()


def get(user: WhatsAppUser) -> ClientData:
    """Return the user's data, from the cache or by one query; MINIMAL when neither has any.

    Only the primary key and the channel of `user` are looked at. Call it outside any transaction.
    """
    parts = _parts(user.channel_id, user.pk)
    try:
        data: ClientData = caching.get_or_load(
            CLIENT_DATA, lambda: _load(user.pk).encoded(), decode=ClientData.decoded, **parts
        )
        return data
    except WhatsAppUser.DoesNotExist:
        log.warning("BD_NO_DATA", operation="client_data", user_id=user.pk, fallback="minimal data")
    except DatabaseError as error:
        log.error(
            "BD_USER_ERROR",
            operation="client_data",
            user_id=user.pk,
            error=type(error).__name__,
            fallback="minimal data",
        )
        metrics.count("db_errors_total", operation="client_data")
    return MINIMAL


def has(*, channel_id: int, user_id: int) -> bool:
    """Tell whether the user's data are in the cache."""
    return caching.has(CLIENT_DATA, **_parts(channel_id, user_id))


def needs_update(user: WhatsAppUser, **fields: object) -> bool:
    """Tell whether the user's data are cached with other values for `fields`, or nobody can say.

    What is not cached needs none.
    """
    cached = caching.get(CLIENT_DATA, **_parts(user.channel_id, user.pk))
    if cached is caching.MISSING and caching.is_usable():
        return False
    try:
        data = ClientData.decoded(cached)  # MISSING, of a cache that cannot be asked, is rubbish too
    except (ValueError, TypeError, KeyError) as error:
        log.warning(
            "CACHE_NEEDS_UPDATE_ERROR",
            user_id=user.pk,
            error=type(error).__name__,
            fallback="taken to need an update",
        )
        return True
    return any(getattr(data, name) != value for name, value in fields.items())


def refresh(*, channel_id: int, user_id: int) -> None:
    """Put what the database knows now in the place of what is cached. Call it outside any transaction."""
    caching.invalidate(CLIENT_DATA, **_parts(channel_id, user_id))
    get(WhatsAppUser(pk=user_id, channel_id=channel_id))


def invalidate(*, channel_id: int, user_id: int) -> None:
    """Let the next look-up read the database; within a transaction once that is committed."""
    caching.invalidate_on_commit(CLIENT_DATA, **_parts(channel_id, user_id))


def invalidate_now(*, channel_id: int, user_id: int) -> None:
    """Do so at once, for changes that were not made here; not within a transaction."""
    caching.invalidate(CLIENT_DATA, **_parts(channel_id, user_id))


def _parts(channel_id: int, user_id: int) -> dict[str, Any]:
    return {"channel": channel_id, "user": user_id}


def _load(user_id: int) -> ClientData:
    """Read everything by one query. Raises WhatsAppUser.DoesNotExist or DatabaseError."""
    names = UserIdentity.objects.filter(user=OuterRef("pk"), replaced_at=None)
    row = (
        WhatsAppUser.objects.annotate(
            open_thread=FilteredRelation("threads", condition=Q(threads__closed_at=None)),
            names=ArraySubquery(names.values(pair=JSONArray("kind", "value"))),
            last_activity=F("activity__last_activity_at"),
            thread_id=F("open_thread__id"),
            thread_started_at=F("open_thread__started_at"),
            thread_token_count=Coalesce("open_thread__token_count", 0),
        )
        .values("name", "user_name", "labels", "language", "names", *_COMPUTED)
        .get(pk=user_id)
    )
    name = preferred(Identity(IdentityKind(kind), value) for kind, value in row.pop("names"))
    return ClientData(**row | {"labels": tuple(row["labels"])}, chat_id=name.value if name else "")
