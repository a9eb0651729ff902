"""What answering a turn comes to: an answer with its books, or the reason why there is none yet."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Self

from conversations.llm.base import Reply, Usage
from conversations.services.decision import NO_DECISION, Decision
from conversations.services.messages import split_text

NO_USAGE = Usage()
UNKNOWN_USAGE = Usage(is_known=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """The texts to send, in order, and the books of how they came about.

    `held` says that a person has to look at the question, for `reason`. `cache_key` and `saved_usd` are set
    for an answer from the response cache.
    """

    texts: tuple[str, ...]
    provider: str
    model: str = ""
    usage: Usage = NO_USAGE
    degraded: bool = False
    held: bool = False
    reason: str = ""
    decision: Decision = NO_DECISION
    cache_key: str = ""
    saved_usd: Decimal | None = None

    @classmethod
    def of(cls, reply: Reply, *, text_limit: int, decision: Decision) -> Self:
        """Return a model's reply as the answer, in texts of at most `text_limit` characters."""
        return cls(
            texts=split_text(reply.text, text_limit),
            provider=reply.provider,
            model=reply.model,
            usage=reply.usage,
            decision=decision,
        )


class AnswerFailed(Exception):
    """No answer this time: the turn is tried again, later or now. The text holds nothing private.

    `usage_unknown`: the model may have worked, and nobody knows how much.
    """

    def __init__(
        self,
        message: str,
        *,
        usage_unknown: bool,
        retry_now: bool = False,
        decision: Decision = NO_DECISION,
    ) -> None:
        super().__init__(message)
        self.usage_unknown = usage_unknown
        self.retry_now = retry_now
        self.decision = decision


class NoModelAtAll(AnswerFailed):
    """No model can be asked now, and nothing is known offline: the message waits for one of `candidates`.

    `notice` tells the customer so.
    """

    def __init__(
        self,
        message: str,
        *,
        usage_unknown: bool,
        decision: Decision,
        candidates: frozenset[str],
        notice: str,
    ) -> None:
        super().__init__(message, usage_unknown=usage_unknown, decision=decision)
        self.candidates = candidates
        self.notice = notice
