"""The admin of our end of WhatsApp."""

from sessions_app.admin import channel

__all__ = ("channel",)
