"""Whether a question may be answered from the response cache, and under which key the answer is kept.

Only a question that is complete in itself, that anybody could ask, and that has one answer all day long. In
doubt it is not: a call to a model costs a fraction of a cent, another customer's answer costs the customer.
"""

import hashlib
import json
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from conversations.llm.cache_names import COMMON_CAPITALS, FIRST_NAMES
from conversations.llm.cache_phrases import (
    ANSWERS,
    BLOCKING,
    COURTEOUS,
    HARMLESS,
    IN_GENERAL,
    PREPOSITIONS,
    QUESTION_WORDS,
)
from conversations.llm.complexity import ASKING, Assessment, Tier
from conversations.llm.intents import Intent
from conversations.llm.phrases import PhraseBook, is_number
from conversations.llm.text import plain_words

MOST_WORDS = 16
MOST_CHARACTERS = 200
CACHEABLE_INTENTS = frozenset(
    {
        Intent.GREETING,
        Intent.CATALOGUE,
        Intent.PRICE,
        Intent.HOURS,
        Intent.LOCATION,
        Intent.DELIVERY,
        Intent.PAYMENT,
    }
)
_HEARD_FROM = 5
# What is taken out must be there as it stands.
_COURTEOUS = PhraseBook({"courteous": COURTEOUS}, heard_from=_HEARD_FROM, corrects=False)
_HARMLESS = PhraseBook({"harmless": HARMLESS}, heard_from=_HEARD_FROM, corrects=False)
_IN_GENERAL = PhraseBook(IN_GENERAL)
_ANSWERS = PhraseBook({"answers": ANSWERS}, corrects=False)
_BLOCKING = PhraseBook(BLOCKING, heard_from=_HEARD_FROM)
_DECORATION = frozenset("👋🖐🙏😊🙂😀😁😄❤👍👌✅🙌✨")
_CONTACT = re.compile(r"[@#/\\]|www\.|\.com\b")
_DONE = re.compile(r"\w{3,}(?:[éó]|aste|iste|aron|ieron|aram|eram|iram|ei|ou)\b")
# Pronouns that Spanish writes as the ends of verbs: "enviarlo", "mandármela", "avisarme".
_POINTING = re.compile(r"\w{2,}(?:[aei]r(?:(?:me|te|nos|se)?l[aeo]s?|me)|ndo(?:me|te|nos|se)?l[aeo]s?)\b")
_LETTERS = re.compile(r"[^\W\d_]+")
_SENTENCE_END = re.compile(r"[.!?¿¡,:;\n]+")


@dataclass(frozen=True, slots=True)
class Cacheability:
    """`reason` says why not; empty when `eligible`. It holds nothing that the customer wrote."""

    eligible: bool
    reason: str = ""


def judge(text: str, assessment: Assessment) -> Cacheability:
    """Tell whether `text`, assessed as `assessment`, may be answered from the cache."""
    if len(text) > MOST_CHARACTERS:
        return Cacheability(eligible=False, reason="length")
    words = plain_words(text)
    asked = _COURTEOUS.without(words)
    telling = _HARMLESS.without(asked)
    reason = (
        _kind_reason(words, assessment)
        or _form_reason(text, telling)
        or _content_reason(text, telling)
        or _question_reason(text, words, asked, assessment)
    )
    return Cacheability(eligible=not reason, reason=reason)


def normalized_question(text: str) -> str:
    """Return `text` as questions are compared: its words without capitals and accents.

    Capitals, accents and punctuation make no other question; everything else does, `ñ` among it.
    """
    # The letter stands for ñ, which would lose its tilde: `caña` is not `cana`.
    kept = unicodedata.normalize("NFC", text.casefold()).replace("ñ", "ɲ")
    return " ".join(plain_words(kept))


def cache_key(
    *, channel_id: int, prompt_version: str, knowledge_version: str, tier: str, language: str, text: str
) -> str:
    """Return the key (64 hexadecimal digits) of the answer to `text`, as normalized_question leaves it."""
    words = normalized_question(text).split()
    parts = [channel_id, prompt_version, knowledge_version, tier, language, words]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _kind_reason(words: Sequence[str], assessment: Assessment) -> str:
    if assessment.tier is Tier.COMPLEX:
        return "complex"
    intent = assessment.intent
    if intent not in CACHEABLE_INTENTS and intent not in _IN_GENERAL.labels(words):
        return f"intent: {intent}"
    return ""


def _form_reason(text: str, words: Sequence[str]) -> str:
    if len(words) > MOST_WORDS or "\n" in text.strip():
        return "length"
    if any(is_number(word) for word in words) or any(char.isnumeric() for char in text):
        return "holds a number"
    # An emoji may be what the question is about, and the key would not hold it.
    if _CONTACT.search(text) or any(_is_sign(char) for char in text):
        return "holds a sign"
    return ""


def _content_reason(text: str, words: Sequence[str]) -> str:
    if not _first_names().isdisjoint(words) or _has_capital_within(text):
        return "may hold a name"
    if _DONE.search(text.casefold()):
        return "tells what has been done"
    if any(_POINTING.fullmatch(word) for word in words):
        return "needs what was said before"
    return next(iter(_BLOCKING.labels(words)), "")


def _question_reason(text: str, words: Sequence[str], asked: Sequence[str], assessment: Assessment) -> str:
    """A command or a whole question: "en efectivo" and "¿a domicilio?" answer what the business asked."""
    if assessment.intent is Intent.GREETING:
        return ""
    if _ANSWERS.labels(asked) or (
        _opens_with(asked[:1], PREPOSITIONS) and not _opens_with(asked[1:2], QUESTION_WORDS)
    ):
        return "may be an answer"
    if assessment.tier is Tier.SIMPLE:
        return ""
    if len(asked) < 2 or not ("?" in text or ASKING.labels(words)):
        return "asks nothing"
    return ""


def _opens_with(words: Sequence[str], known: str) -> bool:
    return bool(words) and words[0] in known.split()


def _is_sign(char: str) -> bool:
    """Whether the key would drop a character that means something: letters and punctuation do not."""
    category = unicodedata.category(char)
    return category[0] in "SC" and char not in _DECORATION and category not in ("Cc", "Cf", "Sk")


def _has_capital_within(text: str) -> bool:
    """Whether a word that does not begin a sentence begins with a capital, as names do, or stands alone."""
    if text.isupper():
        return False
    first, *others = ([found[0] for found in _LETTERS.finditer(part)] for part in _SENTENCE_END.split(text))
    later = [*first[1:], *(word for words in others for word in (words if len(words) == 1 else words[1:]))]
    return any(word[0].isupper() and not set(plain_words(word)) & _common_capitals() for word in later)


@cache
def _first_names() -> frozenset[str]:
    return frozenset(plain_words(FIRST_NAMES))


@cache
def _common_capitals() -> frozenset[str]:
    return frozenset(plain_words(COMMON_CAPITALS))
