"""Who answered, by the runs themselves: models, kept answers and the offline responder."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from conversations.llm.response_cache import CACHE_PROVIDER


@dataclass(frozen=True, slots=True)
class ModelRuns:
    """The runs that one model answered; `model` is empty where the provider has none.

    `degraded` are those that the offline responder answered because no model did, `saved_usd` what asking a
    model would have cost instead of giving a kept answer, None when no run says.
    """

    provider: str
    model: str
    runs: int
    degraded: int
    saved_usd: Decimal | None


@dataclass(frozen=True, slots=True)
class Runs:
    """A range's runs by who answered, the most frequent first; `is_cut`: the latest alone were read."""

    shares: Sequence[ModelRuns]
    is_cut: bool

    @property
    def total(self) -> int:
        return sum(share.runs for share in self.shares)

    @property
    def fallbacks(self) -> int:
        """Return how many were answered offline because no model did."""
        return sum(share.degraded for share in self.shares)

    @property
    def saved_usd(self) -> Decimal | None:
        """Return what kept answers saved; None: there were some, and nothing is known of them."""
        kept = [share for share in self.shares if share.provider == CACHE_PROVIDER]
        known = [share.saved_usd for share in kept if share.saved_usd is not None]
        return None if kept and not known else sum(known, Decimal(0))

    def percent(self, runs: int) -> float | None:
        """Return the part of all that so many are; None without any."""
        return 100 * runs / self.total if self.total else None
