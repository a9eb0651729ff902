"""Which channel a call is about: the one it names, the key's only one, or the site's default."""

from botsite.api.errors import ApiError
from botsite.api.models import ApiKey
from sessions_app.models import Channel, Device
from sessions_app.services.channels import channel_by_slug
from sessions_app.services.session_channels import DEFAULT_SLUG, default_channel


class ChannelFinder:
    """Finds the channels of a call, each of them once; `usual` is the one that the call names as a whole."""

    def __init__(self, key: ApiKey, usual: str | None = None) -> None:
        self._key = key
        self._usual = usual or (key.channels[0] if len(key.channels) == 1 else DEFAULT_SLUG)
        self._found: dict[str, Channel | None] = {}

    def find(self, slug: str | None) -> Channel:
        """Return the channel; 403 for one that the key is not for, 404 for one that is not there or off."""
        slug = slug or self._usual
        if not self._key.may_use(slug):
            message = "The API key is not for this channel; name one that it is for."
            raise ApiError(403, "channel_forbidden", message)
        if slug not in self._found:
            self._found[slug] = default_channel() if slug == DEFAULT_SLUG else channel_by_slug(slug)
        channel = self._found[slug]
        if channel is None:
            raise ApiError(404, "unknown_channel", "There is no such channel, or it is not active.")
        return channel


def session_channel(key: ApiKey, session_id: str, slug: str | None) -> str | None:
    """Return the slug of the channel that a session is asked for in; None when no channel knows it.

    403 for a channel that the key is not for, 409 when several that it is for have such a session.
    """
    slug = slug or (key.channels[0] if len(key.channels) == 1 else None)
    if slug:
        if not key.may_use(slug):
            raise ApiError(403, "channel_forbidden", "The API key is not for this channel.")
        return slug
    found = Device.objects.filter(key.channel_filter(), session_id=session_id).order_by("channel__slug")
    slugs = list(found.values_list("channel__slug", flat=True))
    if len(slugs) > 1:
        message = "Several channels have this session: choose with ?channel=."
        raise ApiError(409, "several_sessions", message, details={"channels": slugs})
    return slugs[0] if slugs else None
