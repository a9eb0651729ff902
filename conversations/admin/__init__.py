"""The admin of the conversations, one module per model."""

from conversations.admin import (
    assistant,
    budget,
    knowledge,
    message,
    profile,
    run,
    shop,
    thread,
    user_merge,
    webhook_item,
    whatsapp_user,
)

__all__ = (
    "assistant",
    "budget",
    "knowledge",
    "message",
    "profile",
    "run",
    "shop",
    "thread",
    "user_merge",
    "webhook_item",
    "whatsapp_user",
)
