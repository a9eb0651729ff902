"""The models of the conversations."""

from conversations.models.assistant import ModelPrice, RouteChoice, RouteTier
from conversations.models.budget import (
    Budget,
    BudgetAlert,
    BudgetCharge,
    BudgetLevel,
    BudgetPeriod,
    BudgetSpending,
)
from conversations.models.erasure import Erasure, Tombstone, TombstoneKind
from conversations.models.executed_call import ExecutedCall
from conversations.models.idempotency import IdempotentRequest
from conversations.models.knowledge import KnowledgeEntry
from conversations.models.memory import CustomerMemory, MemoryAuthor
from conversations.models.message import (
    Author,
    Direction,
    InboundState,
    Message,
    OutboundState,
)
from conversations.models.pinned_answer import PinnedAnswer
from conversations.models.profile import AssistantProfile, ProfileTrial, ProfileVersion
from conversations.models.provider_usage import ProviderUsage
from conversations.models.run import Run, RunState
from conversations.models.thread import Thread
from conversations.models.user_activity import UserActivity
from conversations.models.user_merge import MergeReason, UserMerge
from conversations.models.webhook_item import EarlyStatus, WebhookItem
from conversations.models.whatsapp_user import UserIdentity, WhatsAppUser

__all__ = (
    "AssistantProfile",
    "Author",
    "Budget",
    "BudgetAlert",
    "BudgetCharge",
    "BudgetLevel",
    "BudgetPeriod",
    "BudgetSpending",
    "CustomerMemory",
    "Direction",
    "EarlyStatus",
    "Erasure",
    "ExecutedCall",
    "IdempotentRequest",
    "InboundState",
    "KnowledgeEntry",
    "MemoryAuthor",
    "MergeReason",
    "Message",
    "ModelPrice",
    "OutboundState",
    "PinnedAnswer",
    "ProfileTrial",
    "ProfileVersion",
    "ProviderUsage",
    "RouteChoice",
    "RouteTier",
    "Run",
    "RunState",
    "Thread",
    "Tombstone",
    "TombstoneKind",
    "UserActivity",
    "UserIdentity",
    "UserMerge",
    "WebhookItem",
    "WhatsAppUser",
)
