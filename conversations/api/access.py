"""What a key may see of the conversations."""

from django.db.models import Q
from rest_framework.exceptions import NotFound

from botsite.api.errors import ApiError
from botsite.api.models import ApiKey
from conversations.models import WhatsAppUser
from conversations.services.user_lookup import users_named


def require_channel(key: ApiKey, slug: str) -> None:
    """Raise 403 unless the key may use the channel; a channel that does not exist looks the same."""
    if not key.may_use(slug):
        raise ApiError(403, "channel_forbidden", "The API key is not for this channel.")


def user_for(key: ApiKey, name: str, channel_slug: str | None) -> WhatsAppUser:
    """Return the one user known by `name` that the key may see; 404 for none, 409 for several."""
    within = key.channel_filter()
    if channel_slug:
        within &= Q(channel__slug=channel_slug)
    users = users_named(name, within=within)
    if not users:
        raise NotFound("There is no such user.")
    if len(users) > 1:
        channels = sorted({user.channel.slug for user in users})
        raise ApiError(
            409,
            "several_users",
            "Several channels know this user: choose with ?channel=.",
            details={"channels": channels},
        )
    return users[0]
