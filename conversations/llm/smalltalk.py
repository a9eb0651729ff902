"""Messages that ask for nothing, greetings above all: by their words, in three languages."""

from difflib import get_close_matches
from enum import StrEnum
from functools import cache, lru_cache

from conversations.llm.text import REMEMBERED_WORDS, plain_words, single_letters

LONGEST = 8
"""Words. Whoever writes more has something to say."""

LIKENESS = 0.85
"""Of difflib: lets one letter of four be missing or added (`ola`, `hoola`), not exchanged (`hora`)."""

SHORTEST_CORRECTED = 4


class SmallTalk(StrEnum):
    """In one message the later kind decides: "hola, gracias" is thanks."""

    GREETING = "greeting"
    AGREEMENT = "agreement"
    THANKS = "thanks"
    GOODBYE = "goodbye"


PHRASES = {
    SmallTalk.GREETING: {
        "es": """
            hola, holi, holis, buenas, wenas, buen dia, buenos dias, buenas tardes, buenas noches,
            saludos, alo, ey, que tal, que mas, como estas, como esta, como estan, como le va, como te
            va, como va, todo bien
        """,
        "en": """
            hi, hello, hiya, hey, howdy, greetings, good morning, good afternoon, good evening, good
            day, how are you, how is it going, whats up, what s up
        """,
        "pt": "oi, ola, bom dia, boa tarde, boa noite, tudo bem, tudo bom, como vai",
    },
    SmallTalk.AGREEMENT: {
        "es": """
            ok, okay, oki, vale, listo, dale, perfecto, entendido, de acuerdo, esta bien, muy bien,
            bueno, genial, excelente
        """,
        "en": "ok, okay, great, perfect, alright, all right, got it, understood, sounds good, cool, nice",
        "pt": "ta bom, combinado, beleza",
    },
    SmallTalk.THANKS: {
        "es": "gracias, mil gracias, muy amable, te agradezco, le agradezco, se lo agradezco",
        "en": "thanks, thank you, thank u, thx, ty, cheers, much appreciated",
        "pt": "obrigado, obrigada, muito obrigado, muito obrigada, valeu",
    },
    SmallTalk.GOODBYE: {
        "es": """
            adios, chao, chau, hasta luego, hasta pronto, hasta manana, nos vemos, que este bien, feliz
            dia, feliz tarde, feliz noche
        """,
        "en": "bye, goodbye, good bye, good night, see you, see you later, have a nice day, take care",
        "pt": "tchau, ate logo, ate mais, ate amanha, bom fim de semana",
    },
}

_FILLERS = """
    a e y and to for all so very much many muy mucho muchas muchisimas por todo todos de el la usted
    ustedes you there team amigo amiga amigos senor senora senorita sr sra bot friend sir madam everyone
    again nuevo
"""

_EMOJI = {
    SmallTalk.GREETING: "👋🖐",
    SmallTalk.AGREEMENT: "👍👌✅🆗😊🙂😀😁😄❤",
    SmallTalk.THANKS: "🙏",
}


def recognize(text: str) -> SmallTalk | None:
    """Return what kind of small talk `text` is, or None when it says anything more.

    Accents, capitals, repeated letters, emoji and small typing errors do not matter. A message of emoji
    alone is judged by them.
    """
    words = plain_words(text)
    if not words:
        return next((kind for kind, emoji in _EMOJI.items() if set(emoji) & set(text)), None)
    if len(words) > LONGEST:
        return None
    return _latest_kind([_corrected(single_letters(word)) for word in words])


def _latest_kind(words: list[str]) -> SmallTalk | None:
    """Consume `words` phrase by phrase, the longest first; a word that fits nowhere means None."""
    phrases, fillers = _vocabulary()
    kinds = set()
    while words:
        length = next((size for size in range(len(words), 0, -1) if tuple(words[:size]) in phrases), 0)
        if length:
            kinds.add(phrases[tuple(words[:length])])
        elif words[0] not in fillers:
            return None
        words = words[length or 1 :]
    return next((kind for kind in reversed(SmallTalk) if kind in kinds), None)


@lru_cache(REMEMBERED_WORDS)
def _corrected(word: str) -> str:
    known = _known_words()
    if word in known:
        return word
    # Shorter words are one letter away from unrelated ones, as `cool` (here: `col`) from `cola`.
    candidates = [other for other in known if len(other) >= SHORTEST_CORRECTED]
    return next(iter(get_close_matches(word, candidates, n=1, cutoff=LIKENESS)), word)


@cache
def _known_words() -> dict[str, None]:
    """All words of phrases and fillers, in an order that does not change."""
    phrases, fillers = _vocabulary()
    return dict.fromkeys(sorted({word for phrase in phrases for word in phrase} | fillers))


@cache
def _vocabulary() -> tuple[dict[tuple[str, ...], SmallTalk], frozenset[str]]:
    """Return the phrases as tuples of words, and the words that may stand between them."""
    phrases = {
        tuple(single_letters(phrase).split()): kind
        for kind, by_language in PHRASES.items()
        for listed in by_language.values()
        for phrase in listed.split(",")
    }
    return phrases, frozenset(single_letters(_FILLERS).split())
