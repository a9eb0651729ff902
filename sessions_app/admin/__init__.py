"""The admin of our end of WhatsApp."""

from sessions_app.admin import channel, device

__all__ = ("channel", "device")
