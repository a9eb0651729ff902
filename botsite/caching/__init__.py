"""The two-level cache: `get_or_load(CLIENT_DATA, load, channel=…, user=…)`, one table of layers.

Values are to be treated as read-only, and in layers that are in Redis they are JSON values.
"""

from botsite.caching.changing import (
    invalidate,
    invalidate_all_on_commit,
    invalidate_matching,
    invalidate_on_commit,
    put,
)
from botsite.caching.layers import (
    AI_RESPONSE,
    ANSWER_STATE,
    BUDGETS,
    CATEGORIES,
    CHANNEL,
    CLIENT_DATA,
    CONNECTION,
    CONVERSATION,
    DASHBOARD,
    FUNCTION_RESULT,
    INVENTORY,
    LAYERS,
    MODEL_TABLES,
    PAST_COSTS,
    PRODUCT_SEARCH,
    QR,
    SESSION,
    SESSION_INFO,
    STATUS,
    Layer,
)
from botsite.caching.listing import Entry, Listing, entries
from botsite.caching.missing import MISSING
from botsite.caching.reading import get, get_or_load, has, is_usable
from botsite.caching.stats import stats

__all__ = (
    "AI_RESPONSE",
    "ANSWER_STATE",
    "BUDGETS",
    "CATEGORIES",
    "CHANNEL",
    "CLIENT_DATA",
    "CONNECTION",
    "CONVERSATION",
    "DASHBOARD",
    "FUNCTION_RESULT",
    "INVENTORY",
    "LAYERS",
    "MISSING",
    "MODEL_TABLES",
    "PAST_COSTS",
    "PRODUCT_SEARCH",
    "QR",
    "SESSION",
    "SESSION_INFO",
    "STATUS",
    "Entry",
    "Layer",
    "Listing",
    "entries",
    "get",
    "get_or_load",
    "has",
    "invalidate",
    "invalidate_all_on_commit",
    "invalidate_matching",
    "invalidate_on_commit",
    "is_usable",
    "put",
    "stats",
)
