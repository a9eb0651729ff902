"""Which channel a session belongs to when nobody says."""

from sessions_app.models import Channel, ChannelKind
from sessions_app.services.channels import channel_by_slug

DEFAULT_SLUG = "default"


def default_channel() -> Channel | None:
    """Return the channel of sessions whose channel nobody names, made at first use; None when it is off."""
    known = channel_by_slug(DEFAULT_SLUG)
    if known is not None:
        return known
    # Two who come at once get the same: the slug is unique, and who comes second reads it.
    Channel.objects.get_or_create(slug=DEFAULT_SLUG, defaults={"kind": ChannelKind.GATEWAY})
    return channel_by_slug(DEFAULT_SLUG)
