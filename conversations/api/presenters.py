"""What the API answers, field by field (camelCase)."""

from collections.abc import Iterable
from typing import Any

from conversations.models import Message, UserIdentity, WhatsAppUser
from conversations.services.identities import preferred
from conversations.services.profiles import Activity


def message_json(message: Message) -> dict[str, Any]:
    """One message of a list. Needs its user's identities and its channel prefetched."""
    return {
        "id": message.pk,
        "direction": message.direction,
        "channel": message.channel.slug,
        "user": user_id(message.user.identities.all()),
        "author": message.author,
        "kind": message.kind,
        "text": message.text,
        "externalId": message.external_id,
        "state": message.state,
        "reason": message.reason,
        "createdAt": message.created_at,
    }


def page_json(messages: Iterable[Message], following: str | None) -> dict[str, Any]:
    return {"results": [message_json(message) for message in messages], "next": following}


def user_json(user: WhatsAppUser, activity: Activity) -> dict[str, Any]:
    thread = activity.thread
    return {
        "userId": user_id(user.identities.all()),
        "channel": user.channel.slug,
        "name": user.name,
        "userName": user.user_name,
        "labels": user.labels,
        "language": user.language,
        "identities": [{"kind": name.kind, "value": name.value} for name in user.identities.all()],
        "paused": user.paused_at is not None,
        "pausedAt": user.paused_at,
        "thread": thread
        and {"id": thread.pk, "startedAt": thread.started_at, "tokenCount": activity.thread_tokens},
        "tokenTotal": activity.token_total,
        "lastActivity": activity.last_at,
        "createdAt": user.created_at,
    }


def user_id(rows: Iterable[UserIdentity]) -> str | None:
    """Return the name by which the outside knows the user best; None for a user without any."""
    name = preferred(row.as_identity() for row in rows if row.replaced_at is None)
    return name.value if name else None
