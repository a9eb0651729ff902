"""What the tests of the response cache share."""

from typing import Any

from conversations.llm.base import Reply, Usage
from conversations.llm.profile import Profile
from conversations.llm.response_cache import Made
from conversations.services.response_cache import Plan, plan_for
from sessions_app.models import Channel

QUESTION = "¿A qué hora abren?"
PROFILE = Profile("Eres Sol.", "friendly")
MODEL = "gpt-5.4-mini"


def reply_of(text: str = "A las nueve.", **values: Any) -> Reply:
    defaults: dict[str, Any] = {"usage": Usage(900, 100, 40), "model": MODEL, "finish": "stop"}
    return Reply(text, provider="openai", **(defaults | values))


def planned(channel: Channel, question: str = QUESTION, **values: Any) -> Plan:
    """The plan for a question that may be answered from the cache."""
    defaults: dict[str, Any] = {"profile": PROFILE, "language": "es"}
    plan = plan_for(channel_id=channel.pk, question=question, **(defaults | values))
    assert plan is not None
    return plan


class Maker:
    """Makes replies, and counts how many."""

    def __init__(self, reply: Reply | None = None, *, storable: bool = True) -> None:
        self.reply, self.storable, self.calls = reply or reply_of(), storable, 0

    def __call__(self) -> Made:
        self.calls += 1
        return Made(self.reply, self.storable)


def must_not_make() -> Made:
    raise AssertionError("it is kept")
