"""The responder that needs no provider: small talk, and answers out of the knowledge base.

A wrong answer hurts a customer more than "a person will answer": in doubt it does not know.
"""

from dataclasses import dataclass

from conversations.llm.fallback import small_talk_text, unknown_text
from conversations.llm.language import detect_language
from conversations.llm.person import reports_trouble, wants_person
from conversations.llm.prompt_parts import Snippet
from conversations.llm.smalltalk import recognize
from conversations.llm.text import clip_text
from conversations.models import KnowledgeEntry
from conversations.services.knowledge_search import Match, search

ANSWER_SCORE = 0.7
"""An entry answers when it covers more than two thirds of the question's words: of up to three words all, of
four all but one. A single other word makes another question of a short one: "¿venden bicicletas?" is not
"¿alquilan bicicletas?". tests/conversations/services/test_offline.py measures what it costs and brings."""

CLEAR_LEAD = 0.02
"""The least difference of rank by which the best entry leads: two that fit equally well answer nothing."""

LONGEST_TEXT = 2_000
"""Characters looked at. Whoever writes more asks no single question, and it must not slow the search down."""

SNIPPETS = 5
"""Entries that a prompt holds at the most."""

PROMPT_SCORE = 0.05
"""One word of twenty: a model sees what may fit and judges by itself."""


@dataclass(frozen=True, slots=True)
class OfflineAnswer:
    """`found` is false when a person has to answer; `text` then says so. `score` is from 0 to 1.

    `entry_id` is the knowledge entry that `text` is from; None for small talk.
    """

    text: str
    language: str
    found: bool
    entry_id: int | None
    score: float


def answer(*, channel_id: int, text: str, default_language: str) -> OfflineAnswer:
    """Answer `text`, which may be anything, in its own language or, where that is not clear, in the default.

    Raises nothing but database errors.
    """
    text = clip_text(text, LONGEST_TEXT)
    language = detect_language(text, default_language)
    if kind := recognize(text):
        return OfflineAnswer(small_talk_text(kind, language), language, found=True, entry_id=None, score=1.0)
    match = None
    if not (wants_person(text) or reports_trouble(text)):
        match = _clear_match(channel_id=channel_id, text=text, language=language)
    if match is None:
        return OfflineAnswer(unknown_text(language), language, found=False, entry_id=None, score=0.0)
    entry = match.entry
    return OfflineAnswer(entry.answer, entry.language, found=True, entry_id=entry.pk, score=match.score)


def snippets(channel_id: int, text: str) -> list[Snippet]:
    """Return what the knowledge has that may help a model to answer `text`, the best first. One query."""
    return [Snippet(entry.question, entry.answer) for entry in find_entries(channel_id, text, limit=SNIPPETS)]


def find_entries(channel_id: int, text: str, limit: int) -> list[KnowledgeEntry]:
    """Return up to `limit` entries that may help a model to answer `text`, the best first."""
    text = clip_text(text, LONGEST_TEXT)
    language = detect_language(text, "es")
    matches = search(
        channel_id=channel_id, text=text, language=language, least_score=PROMPT_SCORE, limit=limit
    )
    return [match.entry for match in matches]


def _clear_match(*, channel_id: int, text: str, language: str) -> Match | None:
    matches = search(channel_id=channel_id, text=text, language=language, least_score=ANSWER_SCORE, limit=2)
    if len(matches) > 1 and matches[0].rank - matches[1].rank < CLEAR_LEAD:
        return None
    return matches[0] if matches else None
