"""The admin of the conversations, one module per model."""

from conversations.admin import (
    assistant,
    budget,
    erasure,
    knowledge,
    message,
    pinned_answer,
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
    "erasure",
    "knowledge",
    "message",
    "pinned_answer",
    "profile",
    "run",
    "shop",
    "thread",
    "user_merge",
    "webhook_item",
    "whatsapp_user",
)
