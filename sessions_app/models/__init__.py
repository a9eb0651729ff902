"""The models of our end of WhatsApp."""

from sessions_app.models.channel import Channel, ChannelKind, UnknownSendPolicy

__all__ = ("Channel", "ChannelKind", "UnknownSendPolicy")
