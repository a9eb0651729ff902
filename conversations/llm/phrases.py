"""Phrases as data: found in a customer's words whatever their accents, spelling and small typing errors.

A phrase is words; `reserv*` stands for every word that begins so, `want|need` for either word, `#` for a
number, `...` for up to six words of any kind, `^` and `$` for the message's beginning and end.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from itertools import product

from conversations.llm.text import REMEMBERED_WORDS, heard, plain_words

LONGEST_GAP = 6
LIKENESS = 0.85
"""Of difflib: one letter of five too many or too few, one of seven exchanged."""

SHORTEST_CORRECTED = 5

NUMBER = "#"
GAP = "..."
BEGIN, END = "^", "$"

_OPTION_ON_A_NEW_LINE = re.compile(r"\|\s+")
_ABBREVIATIONS = {
    "q": "que",
    "k": "que",
    "d": "de",
    "x": "por",
    "pa": "para",
    "pal": "para",
    "tb": "tambien",
    "tmb": "tambien",
    "u": "you",
    "r": "are",
    "ur": "your",
    "vc": "voce",
    "vcs": "voces",
}
_NUMBERS = frozenset(
    plain_words("""
    dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciseis dieciocho
    veinte treinta cuarenta cincuenta sesenta setenta ochenta noventa cien cientos doscientos quinientos mil
    millon millones medio media docena two three four five six seven eight nine ten twelve dozen twice duas
    dois quatro sete oito dez
    """)
)


@dataclass(frozen=True, slots=True)
class Match:
    """A phrase found: the words from `start` up to `end`."""

    label: str
    phrase: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Phrase:
    label: str
    written: str
    tokens: tuple[str, ...]
    needed: frozenset[str]
    """The tokens that have to be there, wherever they stand."""


@dataclass(frozen=True, slots=True)
class _Word:
    """A word as a book reads it: the tokens that it can stand for, and the phrases that begin with them."""

    tokens: frozenset[str]
    phrases: tuple[_Phrase, ...]


class PhraseBook:
    """Phrases under labels; `phrases` gives them per label, comma-separated.

    With `corrects` a misspelt word is taken for the phrases' word that it is closest to.
    Words shorter than `heard_from` letters count as they are spelt: by ear `his` is `is` and `the` is `te`.

    Threads may share one: nothing in it changes but the memory of the words it has met.
    """

    def __init__(self, phrases: Mapping[str, str], *, heard_from: int = 0, corrects: bool = True) -> None:
        self._heard_from = heard_from
        self._corrects = corrects
        self._by_first: dict[str, list[_Phrase]] = {}
        self._known: set[str] = set()
        for phrase in self._parsed(phrases):
            self._by_first.setdefault(phrase.tokens[0], []).append(phrase)
            self._known.update(phrase.needed - {BEGIN, END})
        self._prefixes = tuple(token[:-1] for token in self._known if token.endswith("*"))
        self._begin, self._end = self._word({BEGIN}), self._word({END})
        self._read = lru_cache(REMEMBERED_WORDS)(lambda word: self._word(self._find_tokens(word)))

    def matches(self, words: Sequence[str]) -> list[Match]:
        """Return every phrase in the plain `words`, by position."""
        read = [self._begin, *map(self._read, words), self._end]
        sentence = [word.tokens for word in read]
        present = frozenset().union(*sentence)
        found = []
        for start, word in enumerate(read):
            for phrase in word.phrases:
                if not phrase.needed <= present:  # most end here
                    continue
                end = _end_of(sentence, start, phrase.tokens)
                if end is not None:
                    found.append(
                        Match(phrase.label, phrase.written, max(0, start - 1), min(len(words), end - 1))
                    )
        return found

    def labels(self, words: Sequence[str]) -> dict[str, str]:
        """Return the labels found in the plain `words`, each with its first phrase."""
        found: dict[str, str] = {}
        for match in self.matches(words):
            found.setdefault(match.label, match.phrase)
        return found

    def without(self, words: Sequence[str]) -> list[str]:
        """Return the plain `words` that belong to no phrase."""
        taken = {position for match in self.matches(words) for position in range(match.start, match.end)}
        return [word for position, word in enumerate(words) if position not in taken]

    def _word(self, tokens: Iterable[str]) -> "_Word":
        begun = (phrase for token in tokens for phrase in self._by_first.get(token, ()))
        return _Word(frozenset(tokens), tuple(begun))

    def _find_tokens(self, word: str) -> frozenset[str]:
        """Return the tokens that the word can stand for."""
        sound = self._sound(_ABBREVIATIONS.get(word, word))
        if is_number(word):
            return frozenset({NUMBER, sound})
        tokens = {f"{prefix}*" for prefix in self._prefixes if sound.startswith(prefix)}
        if sound in self._known:
            tokens.add(sound)
        elif self._corrects and not tokens and len(sound) >= SHORTEST_CORRECTED:
            tokens.update(get_close_matches(sound, self._alike(sound), n=1, cutoff=LIKENESS))
        return frozenset(tokens)

    def _alike(self, sound: str) -> list[str]:
        """Return the whole words that `sound` may be a misspelling of, in an order that does not change."""
        return sorted(
            known
            for known in self._known
            if known[0] == sound[0] and len(known) >= SHORTEST_CORRECTED and not known.endswith("*")
        )

    def _parsed(self, phrases: Mapping[str, str]) -> Iterator[_Phrase]:
        for label, listed in phrases.items():
            for phrase in _OPTION_ON_A_NEW_LINE.sub("|", listed).split(","):
                for words in product(*(word.split("|") for word in phrase.split())):
                    tokens = tuple(map(self._token, words))
                    yield _Phrase(label, " ".join(words), tokens, frozenset(tokens) - {GAP})

    def _token(self, word: str) -> str:
        if word in (NUMBER, GAP, BEGIN, END):
            return word
        return self._sound(word.removesuffix("*")) + ("*" if word.endswith("*") else "")

    def _sound(self, word: str) -> str:
        return word if len(word) < self._heard_from else heard(word)


def is_number(word: str) -> bool:
    """Tell whether a plain word begins with a digit (`4pm`) or is a number from two on."""
    return word[:1].isdigit() or word in _NUMBERS


def _end_of(sentence: Sequence[frozenset[str]], start: int, tokens: Sequence[str]) -> int | None:
    """Return the position behind the phrase that begins at `start`, or None when the rest does not follow."""
    if not tokens:
        return start
    if tokens[0] == GAP:
        latest = min(start + LONGEST_GAP, len(sentence) - 1)
        ends = (_end_of(sentence, begin, tokens[1:]) for begin in range(start, latest + 1))
        return next((end for end in ends if end is not None), None)
    if start < len(sentence) and tokens[0] in sentence[start]:
        return _end_of(sentence, start + 1, tokens[1:])
    return None
