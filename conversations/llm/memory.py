"""What a customer says about themselves that is worth remembering: few patterns, and in doubt nothing.

A fact is the customer's own clause, cut where the next thought begins. Questions, conditions and negations
give none, nor does anything that holds a long number or an address of the web.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from conversations.llm.prompt_parts import FACT_CHARACTERS
from conversations.llm.text import one_line_text

LONGEST_TEXT = 2_000
"""Characters looked at: whoever writes more does not introduce themselves."""

MOST_WORDS = 12
"""A longer clause is a story, not a fact."""


class FactKind(StrEnum):
    NAME = "name"
    HOME = "home"
    BIRTHDAY = "birthday"
    ALLERGY = "allergy"
    DIET = "diet"
    FAMILY = "family"
    PETS = "pets"


REPLACED_BY_THE_NEXT = (FactKind.NAME, FactKind.HOME, FactKind.BIRTHDAY)
"""Whoever says where they live does not live any more where they lived."""


@dataclass(frozen=True, slots=True)
class Fact:
    """What was stated, as it was worded, in one line."""

    kind: FactKind
    text: str


_WORD = r"[^\W\d_]['’\w]*"
_DIETS = (
    r"vegetarian[oa]?s?|vegan[oa]?s?|cel[ií]ac[oa]s?|celiac|coeliac|diab[eé]tic[oa]?s?|pescetarian[oa]?s?|kosher"
    r"|halal|intolerant[ea]s? (?:a|à|ao|al|to) .+|intolerantes? (?:a|à|ao|al) .+|lactose intolerant"
)
_HAVE = r"(?:tengo|tenemos|tenho|temos|i have|we have|i['’]ve got|we['’]ve got)"
_NUMBER = r"(?:un|una|uno|uma|um|a|an|one|\d|dos|dois|duas|two|tres|três|three|cuatro|quatro|four|cinco|five)"
_DOG_OR_CAT = r"(?:perr|gat)(?:it)?[oa]s?|cachorr(?:inh)?[oa]s?"
_PETS = rf"(?:{_DOG_OR_CAT}|mascotas?|pets?|dogs?|cats?|puppy|puppies|kittens?)\b"
_CHILDREN = (
    r"(?:hij(?:it)?[oa]s?|niñ[oa]s?|beb[eéê]s?|filh(?:inh)?[oa]s?|crianças?|kids?|child|children|sons?"
    r"|daughters?|baby|babies)\b"
)

_PATTERNS: dict[FactKind, tuple[str, ...]] = {
    FactKind.NAME: (
        rf"(?:me llamo|mi nombre es|me chamo|(?:o )?meu nome [eé]|my name is|my name['’]s)"
        rf"(?P<name>(?: (?!(?:y|e|and)\b){_WORD}){{1,5}})",
    ),
    FactKind.HOME: (
        r"(?:(?:vivo|resido) en|(?:moro|vivo|resido) (?:em|nos?|nas?)|i live (?:in|on|at|near)) \S.*",
    ),
    FactKind.BIRTHDAY: (
        r"(?:mi cumpleaños es|mi cumpleanos es|cumplo años|cumplo anos|(?:o )?meu anivers[aá]rio [eé]"
        r"|faço aniversário|my birthday is|my birthday['’]s) .*\d.*",
    ),
    FactKind.ALLERGY: (
        r"(?:soy (?:muy )?al[eé]rgic[oa]|sou (?:muito )?al[eé]rgic[oa]|tengo alergia|tenho alergia)"
        r" (?:al?|à|ao|aos|às|as|los|las) \S.*",
        r"(?:i am|i['’]?m) (?:very )?allergic to \S.*",
    ),
    FactKind.DIET: (rf"(?:soy|sou|somos|i am|i['’]?m|we are|we['’]re)(?: a| an| um| uma)? (?:{_DIETS})\b",),
    FactKind.FAMILY: (
        rf"{_HAVE} {_NUMBER} (?:\w+ )?{_CHILDREN}",
        r"(?:somos una familia de|somos uma família de|we are a family of|we['’]re a family of) \w+",
    ),
    FactKind.PETS: (rf"{_HAVE} {_NUMBER} (?:\w+ )?{_PETS}",),
}
_LEAD = (
    r"(?:(?:hola|ola|olá|oi|hi|hello|hey|buenas|buenos d[ií]as|yo|eu|and|y|e|pues|bueno|also|well"
    r"|por cierto|ahora|agora|now) )*"
)
_COMPILED = {
    kind: re.compile(rf"{_LEAD}(?P<fact>{'|'.join(patterns)})", re.IGNORECASE)
    for kind, patterns in _PATTERNS.items()
}
_PARTICLES = frozenset(["de", "del", "la", "las", "los", "da", "das", "do", "dos", "di", "van", "von"])
_NO_NAMES = frozenset(["la", "el", "lo", "los", "las", "mucho", "muito", "the", "not", "so", "a", "o"])
_SENTENCES = re.compile(r"(?<=[.!?…])\s+|[\n;]+")
_OTHER_THOUGHT = (
    r"(?:quiero|quisiera|quer[ií]a|quero|necesito|preciso|gostaria|busco|puedo|puede[ns]?|posso|pode|can|could|want"
    r"|need|estoy|estou|hay|tienen|tem|please)\s"
)
_OWN_STATEMENT = r"(?:i|i['’](?:m|d|ve|ll)|we|we['’]re|yo|eu|soy|sou|somos|me|mi nombre|meu nome|my name)\s"
_HAVE_OR_LIVE = r"(?:tengo|tenemos|tenho|temos|vivo|resido|moro|mi cumpleaños|my birthday)\s"
_CLAUSES = re.compile(
    rf"(?:,\s*|\s)(?:(?:y|e|and|pero|mas|but|porque|because)\s+)?(?={_OTHER_THOUGHT})"
    rf"|(?:,\s*|\s(?:y|e|and|pero|mas|but)\s+)(?={_OWN_STATEMENT}|{_HAVE_OR_LIVE})",
    re.IGNORECASE,
)
"""Where a clause ends. A fact begins one: "mi primo dice que vivo en Lima" says nothing."""

_IN_DOUBT = re.compile(
    r"[?¿]|\b(?<!moro )(?<!vivo )(?<!resido )no\b"  # in Portuguese also "in the"
    r"|\b(?:si|se|if|não|nao|not|don['’]?t|never|nunca|creo|acho|maybe|quiz[aá]s?|talvez|broma|kidding"
    r"|ojal[aá]|would|ya no|antes)\b",
    re.IGNORECASE,
)
_PRIVATE = re.compile(r"\d[\d\s./-]{5,}\d|@|://|www\.", re.IGNORECASE)


def extract_facts(text: str) -> list[Fact]:
    """Return what `text`, which may be anything, states about its writer: at most one fact of a kind."""
    facts: dict[FactKind, str] = {}
    for kind, clause in _stated(text[:LONGEST_TEXT]):
        fact = one_line_text(clause.rstrip(" .!…:"), FACT_CHARACTERS)
        if len(fact.split()) <= MOST_WORDS and not _PRIVATE.search(fact):
            facts.setdefault(kind, fact)
    return [Fact(kind, fact) for kind, fact in facts.items()]


def _stated(text: str) -> Iterator[tuple[FactKind, str]]:
    for sentence in _SENTENCES.split(text):
        if _IN_DOUBT.search(sentence):
            continue
        for clause in (part.strip(" \t¡!.,") for part in _CLAUSES.split(sentence)):
            for kind, pattern in _COMPILED.items():
                if (found := pattern.match(clause)) and _is_plausible(found):
                    yield kind, found["fact"]


def _is_plausible(found: re.Match[str]) -> bool:
    """A name is capitalised, or one or two words that nothing follows; "me llamo la atención" has none."""
    name = found.groupdict().get("name")
    if name is None:
        return True
    words = name.split()
    if words[0].lower() in _NO_NAMES:
        return False
    is_capitalised = all(word[0].isupper() for word in words if word not in _PARTICLES)
    return is_capitalised or (len(words) <= 2 and found.end() == len(found.string))
