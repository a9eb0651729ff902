"""The answer of a cache that knows nothing (None is a value like any other)."""

from enum import Enum
from typing import Final


class Missing(Enum):
    MISSING = "missing"


MISSING: Final = Missing.MISSING
