"""Small operations on customers' texts, which may hold anything."""

import re
import unicodedata
from functools import lru_cache
from itertools import filterfalse

_WORD = re.compile(r"[^\W_]+")
_RUN = re.compile(r"(.)\1+")
# What Spanish does not let one hear, and customers therefore mix up: in order.
_SOUNDS = (
    (re.compile(r"qu(?=[ei])"), "k"),
    (re.compile(r"c(?=[ei])"), "s"),
    (re.compile(r"c(?!h)"), "k"),
    (re.compile(r"ll"), "y"),
    (re.compile(r"z"), "s"),
    (re.compile(r"v"), "b"),
    (re.compile(r"(?<!c)h"), ""),
)
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x84\x86-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff"
    "\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e0fff]"
)
"""Control characters but tab and line break, zero-width and direction marks, lone surrogates, and the tags
and variation selectors in which whole sentences can be hidden from people. The joiners of emoji stay."""

REMEMBERED_WORDS = 8192

_TAG_SAFE = str.maketrans("<>＜＞﹤﹥", "‹›‹›‹›")


def storable_text(text: str) -> str:
    """Return `text` without NUL, which Postgres cannot carry, and U+FFFD for lone surrogates (UTF-8)."""
    text = text.replace("\x00", "")
    if text.isascii():
        return text
    # Pairs of surrogates are joined to the character they stand for.
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def clip_text(text: str, limit: int) -> str:
    """Return the first `limit` characters of `text`, the last of them an ellipsis when something was cut."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def tag_safe_text(text: str) -> str:
    """Return `text` without the characters that a closing tag would need."""
    return text.strip().translate(_TAG_SAFE)


def visible_text(text: str) -> str:
    """Return `text` without what a person would not see in it."""
    return _UNSEEN.sub("", text)


def one_line_text(text: str, limit: int) -> str:
    """Return `text` as data stands in a prompt: one visible, tag-safe line of at most `limit` characters."""
    return clip_text(tag_safe_text(" ".join(visible_text(text).split())), limit)


def plain_text(text: str) -> str:
    """Return `text` in lower case and without accents: `¿CUÁNTO?` becomes `¿cuanto?`."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(filterfalse(unicodedata.combining, decomposed))


def plain_words(text: str) -> list[str]:
    """Return the words and numbers of `text` in order, plain.

    Nothing else survives: no punctuation, emoji, control character or lone surrogate.
    """
    return _WORD.findall(plain_text(text))


def single_letters(text: str) -> str:
    """Return `text` with every run of one letter made one: `holaaa` becomes `hola`, `hello` `helo`."""
    return _RUN.sub(r"\1", text)


@lru_cache(REMEMBERED_WORDS)
def heard(word: str) -> str:
    """Return a plain word as it sounds in Spanish: `kiero` as `quiero`, `sita` as `cita`."""
    for written, sound in _SOUNDS:
        word = written.sub(sound, word)
    return single_letters(word)
