"""What an answer is made from, gathered before any model is asked."""

from dataclasses import dataclass

from django.utils import timezone

from conversations.llm.base import ChatMessage
from conversations.llm.language import detect_language
from conversations.llm.profile import Profile
from conversations.llm.prompt_parts import Customer as PromptCustomer
from conversations.llm.prompts import build_messages
from conversations.services import memory, offline, threads
from conversations.services.assistant_profiles import profile_in_use
from conversations.services.language_models import prompt_budget
from conversations.services.turn import Turn
from conversations.shop.values import Customer
from conversations.tools.cart_lines import cart_lines
from conversations.tools.catalogue import sells_anything
from sessions_app.providers.registry import get_provider

_TEXT = "text"


@dataclass(frozen=True, slots=True)
class AnswerRequest:
    """All that an answer is made from. `channel_id` is the channel whose knowledge it may use.

    `is_plain`: the customer wrote nothing but words, and quoted no other message.
    """

    channel_id: int
    language: str
    profile: Profile
    customer: PromptCustomer
    text_limit: int
    summary: str
    history: tuple[ChatMessage, ...]
    burst: tuple[str, ...]
    """What the customer wrote since the last answer, in order."""
    is_plain: bool

    @property
    def question(self) -> str:
        return "\n".join(self.burst)

    @property
    def spoken(self) -> str:
        """The language of whoever wrote this; Portuguese is not told from Spanish by words."""
        known = self.language.lower()[:2]
        return known if known == "pt" else detect_language(self.question, known)

    def prompt(self, *, beside_tokens: int = 0) -> list[ChatMessage]:
        """Return what a model is told and asked. One query.

        `beside_tokens` are what the model reads beside it, the functions that it may call.
        """
        return build_messages(
            profile=self.profile,
            language=self.language,
            customer=self.customer,
            summary=self.summary,
            knowledge=offline.snippets(self.channel_id, self.question),
            turns=[*self.history, *(ChatMessage("user", text) for text in self.burst)],
            now=timezone.now(),
            budget=prompt_budget(beside_tokens=beside_tokens),
        )


def request_for(turn: Turn) -> AnswerRequest:
    """Gather what answering the turn's messages needs."""
    user, client = turn.user, turn.client
    in_use = profile_in_use(user)
    customer = Customer.of(user)
    return AnswerRequest(
        channel_id=in_use.channel_id,
        language=client.language or user.channel.language,
        profile=in_use.profile,
        customer=PromptCustomer(
            name=client.name or client.user_name,
            labels=client.labels,
            memory=memory.facts_of(user),
            cart=cart_lines(customer) if sells_anything(customer.shop) else (),
        ),
        text_limit=get_provider(user.channel.kind).text_limit,
        summary=turn.thread.summary,
        history=tuple(
            threads.as_chat(message) for message in threads.history(turn.thread, without=turn.messages)
        ),
        burst=tuple(message.text for message in turn.messages),
        is_plain=all(message.kind == _TEXT and not message.reply_to for message in turn.messages),
    )
