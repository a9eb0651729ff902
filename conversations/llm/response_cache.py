"""What is kept of an answer for the next who asks the same, and what is never kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from conversations.llm.base import Reply, Usage

CACHE_PROVIDER = "cache"
"""The provider in the books of an answer for which no model was asked."""

MOST_REPLY_CHARACTERS = 8_000

Source = Literal["made", "cached", "pinned"]


@dataclass(frozen=True, slots=True)
class Made:
    """A reply that was made for a question; not `storable` when it used a tool or is a degraded one."""

    reply: Reply
    storable: bool = True


@dataclass(frozen=True, slots=True)
class CachedReply:
    """A reply and where it is from. Of one that is "cached", provider, model and usage are the original's.

    `key` is that of the entry or the pin.
    """

    reply: Reply
    source: Source
    key: str


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """An answer as it is kept: what was asked, and for which version of prompt and knowledge."""

    question: str
    language: str
    version: str
    reply: Reply


def is_storable(made: Made) -> bool:
    """Whether the reply may be given to others: a whole answer that was made by the prompt alone."""
    reply = made.reply
    return made.storable and reply.finish == "stop" and 0 < len(reply.text) <= MOST_REPLY_CHARACTERS


def answer_to_json(kept: KeptAnswer) -> dict[str, Any]:
    """Return a JSON value of which `answer_from_json` makes the same again, but for the response's id."""
    reply, usage = kept.reply, kept.reply.usage
    return {
        "text": reply.text,
        "provider": reply.provider,
        "model": reply.model,
        "tokens": [usage.input_tokens, usage.cached_tokens, usage.output_tokens, usage.is_known],
        "question": kept.question,
        "language": kept.language,
        "version": kept.version,
    }


def reply_from_json(value: Mapping[str, Any]) -> Reply:
    """Return the reply of a kept answer. ValueError, TypeError or KeyError for what is none."""
    text = value["text"]
    if not isinstance(text, str) or not text:
        raise ValueError("no text")
    input_tokens, cached_tokens, output_tokens, is_known = value["tokens"]
    usage = Usage(int(input_tokens), int(cached_tokens), int(output_tokens), bool(is_known))
    return Reply(text, usage, str(value["provider"]), str(value["model"]), "stop")


def answer_from_json(value: Mapping[str, Any]) -> KeptAnswer:
    """Return a kept answer. ValueError, TypeError or KeyError for what is none."""
    return KeptAnswer(
        str(value["question"]), str(value["language"]), str(value["version"]), reply_from_json(value)
    )
