"""How much thinking a message asks for, and what it wants: by phrases, within a fraction of a millisecond.

simple   says or asks nothing that takes a sentence: small talk, yes or no, a choice, a command of a word or
         two, the wish for a person
medium   one concrete question or request
complex  compares, wants advice, an explanation or an offer; sets several conditions; asks several things at
         once; complains; or is long, as a transcribed voice message
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from conversations.llm.complexity_phrases import COMPLEX, CONDITIONS, QUESTIONS
from conversations.llm.intents import CHOICES, COURTESIES, KEYWORDS, PHRASES, Intent
from conversations.llm.person import reports_trouble, wants_person
from conversations.llm.phrases import PhraseBook, is_number
from conversations.llm.smalltalk import SmallTalk, recognize
from conversations.llm.text import clip_text, heard, plain_words

LONGEST_TEXT = 2_000
"""Characters looked at."""

LONG_WORDS = 26
"""From so many words on a message is complex whatever they are."""

SEVERAL_QUESTIONS = 3
SEVERAL_CONDITIONS = 4


class Tier(StrEnum):
    SIMPLE = "simple"
    MEDIUM = "medium"
    COMPLEX = "complex"

    def capped(self, cap: "Tier | None") -> "Tier":
        """Return this tier, or `cap` where that is lower (None: there is none)."""
        return self if cap is None or self.fits(cap) else cap

    def fits(self, cap: "Tier") -> bool:
        """Whether this tier is no higher than `cap`."""
        order = tuple(Tier)
        return order.index(self) <= order.index(cap)


@dataclass(frozen=True, slots=True)
class Assessment:
    """`reason` says in our words why; it holds nothing that the customer wrote."""

    tier: Tier
    intent: Intent
    reason: str


_SMALL_TALK = {
    SmallTalk.GREETING: Intent.GREETING,
    SmallTalk.AGREEMENT: Intent.AGREEMENT,
    SmallTalk.THANKS: Intent.THANKS,
    SmallTalk.GOODBYE: Intent.FAREWELL,
}

_COMPLEX = PhraseBook(COMPLEX)
ASKING = PhraseBook({"question": QUESTIONS})
_CONDITIONS = PhraseBook(CONDITIONS)
_INTENTS = PhraseBook(PHRASES)
_CLAUSE_END = re.compile(r"[,;.?!\n]+|\by\b|\band\b|\be\b")
_OPENING_WORDS = 5


def assess(text: str) -> Assessment:
    """Say how much thinking `text`, which may be anything, asks for, and what it wants."""
    text = clip_text(text, LONGEST_TEXT)
    words = plain_words(text)
    if simple := _simple(text, words):
        return simple
    intent, phrase = _intent(text, words)
    if intent is Intent.PERSON:
        return Assessment(Tier.SIMPLE, intent, "asks for a person")
    if reason := _complex_reason(text, words, intent):
        return Assessment(Tier.COMPLEX, intent, reason)
    return Assessment(Tier.MEDIUM, intent, f"one request: {phrase}" if phrase else "nothing special")


def _simple(text: str, words: Sequence[str]) -> Assessment | None:
    if kind := recognize(text):
        return Assessment(Tier.SIMPLE, _SMALL_TALK[kind], f"small talk: {kind}")
    if not words:
        return Assessment(Tier.SIMPLE, Intent.OTHER, "no words")
    said = _without_courtesies(words)
    if intent := _keywords().get(" ".join(said)):
        return Assessment(Tier.SIMPLE, intent, "a single word or command")
    choices = _choices()
    if all(is_number(word) or word in choices for word in words) and _picks(words):
        return Assessment(Tier.SIMPLE, Intent.CHOICE, "picks from a list")
    return None


def _picks(words: Sequence[str]) -> bool:
    """Whether one word is more than an article: "the one" picks nothing."""
    return any(is_number(word) or word not in ("el", "la", "the", "one", "a") for word in words)


def _intent(text: str, words: Sequence[str]) -> tuple[Intent, str]:
    """Return what `text` wants and the phrase that shows it; a complaint comes before all else."""
    found = _INTENTS.labels(words)
    if Intent.COMPLAINT not in found:
        if wants_person(text):
            return Intent.PERSON, ""
        if reports_trouble(text):
            return Intent.COMPLAINT, "trouble"
    label = next((label for label in PHRASES if label in found), None)
    return (Intent(label), found[label]) if label else (Intent.OTHER, "")


def _complex_reason(text: str, words: Sequence[str], intent: Intent) -> str:
    """Return why the message is complex; empty: it is not."""
    if intent in (Intent.COMPLAINT, Intent.ADVICE):
        return str(intent)
    if len(words) >= LONG_WORDS:
        return "long"
    if found := _COMPLEX.labels(words):
        return next(iter(found))
    if _questions(text) >= SEVERAL_QUESTIONS:
        return "several questions"
    # An order is a list by nature.
    if intent is not Intent.ORDER and _conditions(text, words) >= SEVERAL_CONDITIONS:
        return "several conditions"
    return ""


def _questions(text: str) -> int:
    clauses = (plain_words(clause)[:_OPENING_WORDS] for clause in _CLAUSE_END.split(text.casefold()))
    return sum(bool(ASKING.labels(clause)) and not recognize(" ".join(clause)) for clause in clauses)


def _conditions(text: str, words: Sequence[str]) -> int:
    return len(_CONDITIONS.labels(words)) + text.count(",")


def _without_courtesies(words: Sequence[str]) -> list[str]:
    """Return what is left without "please" and articles, a repeated word once."""
    courtesies = _courtesies()
    kept = [heard(word) for word in words if word not in courtesies] or [heard(word) for word in words]
    return list(dict.fromkeys(kept))


@cache
def _courtesies() -> frozenset[str]:
    return frozenset(plain_words(COURTESIES))


@cache
def _choices() -> frozenset[str]:
    return frozenset(plain_words(CHOICES)) | _courtesies()


@cache
def _keywords() -> dict[str, Intent]:
    """Return each command, as it sounds and without courtesies, with its intent."""
    return {
        " ".join(_without_courtesies(plain_words(command))): Intent(label)
        for label, listed in KEYWORDS.items()
        for command in listed.split(",")
    }
