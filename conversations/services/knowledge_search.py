"""Search in the knowledge base: full text for the words' forms, trigrams for typing errors, in one query."""

from dataclasses import dataclass
from typing import Any

from conversations.llm.keywords import keywords
from conversations.llm.text import plain_words
from conversations.models import KnowledgeEntry

ANSWER_HIT = 0.5
"""What a word counts that stands only in an entry's answer; one in its question counts 1."""

TYPO_FACTOR = 0.8
TYPO_LIKENESS = 0.4
"""A misspelt word counts so much of the word that it is meant to be. Of similarity(): `orario` is 0.50 like
`horario`, `alkiler` 0.42 like `alquiler`, but `abiertos` 0.15 like `abren`."""

TYPO_SHORTEST = 5
TYPO_LENGTHS_APART = 1
"""Letters. In four, one other letter is another word: `caso` is 0.43 like `casa`. So are two letters more:
`prestan` is no misspelt `estan`, although they share half of their trigrams."""

LIKENESS_SHARE = 0.2
OWN_CHANNEL_LEAD = 0.2
OWN_LANGUAGE_LEAD = 0.2
"""Added to the score for the rank: at most, for how literally the question stands in the entry's; for an
entry of the channel's own; and for one in the question's language. The rank decides between entries that
cover about the same words."""

_SEARCH = """
WITH scope AS MATERIALIZED (
    SELECT id, language, question_plain, search, ts_filter(search, '{a}') AS question_search
    FROM conversations_knowledgeentry
    WHERE is_active AND (channel_id = %(channel)s OR channel_id IS NULL)
), words AS MATERIALIZED (
    SELECT word FROM unnest(%(words)s::text[]) AS word
    WHERE numnode(plainto_tsquery('spanish', word)) > 0 AND numnode(plainto_tsquery('english', word)) > 0
), vocabulary AS MATERIALIZED (
    SELECT DISTINCT known
    FROM scope, regexp_split_to_table(question_plain, '[^[:alnum:]]+') AS known
    WHERE language = %(language)s
), spellings AS MATERIALIZED (
    SELECT word, word AS spelling, 1.0 AS factor FROM words
    UNION ALL
    SELECT word, known, %(typo_factor)s FROM words, vocabulary
    WHERE word <> known AND length(word) >= %(typo_shortest)s
        AND abs(length(word) - length(known)) <= %(typo_lengths_apart)s
        AND similarity(word, known) >= %(typo_likeness)s
), queries AS MATERIALIZED (
    SELECT word, factor, 'es' AS query_language, plainto_tsquery('spanish', spelling) AS query FROM spellings
    UNION ALL
    SELECT word, factor, 'en', plainto_tsquery('english', spelling) FROM spellings
), hits AS (
    SELECT id, word, max(CASE
        WHEN question_search @@ query THEN factor
        WHEN search @@ query THEN factor * %(answer_hit)s
        ELSE 0
    END) AS hit
    FROM scope JOIN queries ON query_language = language
    GROUP BY id, word
), scores AS (
    SELECT id, avg(hit) AS score FROM hits GROUP BY id
)
SELECT entry.*, score, score + %(likeness_share)s * word_similarity(%(text)s, question_plain)
    + CASE WHEN channel_id IS NULL THEN 0 ELSE %(own_channel_lead)s END
    + CASE language WHEN %(language)s THEN %(own_language_lead)s ELSE 0 END AS rank
FROM conversations_knowledgeentry AS entry JOIN scores USING (id)
WHERE score >= %(least_score)s
ORDER BY rank DESC, id
LIMIT %(limit)s
"""
"""The score is the share of the customer's words that an entry covers. All words count the same, also those
that no entry knows: "se fue la luz en el apartamento" does not ask about apartments."""


@dataclass(frozen=True, slots=True)
class Match:
    """An entry that fits; `score` is from 0 to 1, `rank` what the matches are ordered by."""

    entry: KnowledgeEntry
    score: float
    rank: float


def search(*, channel_id: int, text: str, language: str, least_score: float, limit: int) -> list[Match]:
    """Return the active entries of the channel, or of all channels, that fit `text`, the best first."""
    words = keywords(text)
    if not words:
        return []
    parameters: dict[str, Any] = {
        "channel": channel_id,
        "words": words,
        "text": " ".join(plain_words(text)),
        "language": language,
        "answer_hit": ANSWER_HIT,
        "typo_factor": TYPO_FACTOR,
        "typo_likeness": TYPO_LIKENESS,
        "typo_shortest": TYPO_SHORTEST,
        "typo_lengths_apart": TYPO_LENGTHS_APART,
        "likeness_share": LIKENESS_SHARE,
        "own_channel_lead": OWN_CHANNEL_LEAD,
        "own_language_lead": OWN_LANGUAGE_LEAD,
        "least_score": least_score,
        "limit": limit,
    }
    entries = KnowledgeEntry.objects.raw(_SEARCH, parameters)
    return [Match(entry, float(vars(entry)["score"]), float(vars(entry)["rank"])) for entry in entries]
