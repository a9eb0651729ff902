"""Asking providers whether a channel works."""

from sessions_app.models import Channel
from sessions_app.providers.base import ChannelHealth, HealthState
from sessions_app.providers.registry import PROVIDERS


def channel_check(channel: Channel) -> ChannelHealth:
    """Ask the channel's provider; takes a few seconds at the worst and never raises."""
    provider = PROVIDERS.get(channel.kind)
    if provider is None:
        return ChannelHealth(HealthState.UNKNOWN, channel.get_kind_display())
    return provider.check(channel.account())
