"""Finding products: full text for the words' forms, trigrams and sound for their spelling, in one query."""

import re
from dataclasses import dataclass
from typing import Any

from django.db import connection

from conversations.shop.text import one_line
from conversations.shop.values import Shop

MOST_WORDS = 8
LONGEST_TEXT = 100
DESCRIPTION_SHOWN = 300

LEADING_WORD = 0.1
"""What a word counts more that a name begins with: "leche" asks for milk, not for "Chocolate con leche"."""

DESCRIPTION_HIT = 0.5
CATEGORY_HIT = 0.6
TYPO_FACTOR = 0.8
"""What a word counts that stands only in the description, that names the category, or that is misspelt and
so much like a word of the name. One in the name counts 1."""

TYPO_LIKENESS = 0.39
TYPO_SHORTEST = 5
"""A misspelt word of at least so many letters is so much like the right one (`asukra` is 0.40 like `azucar`);
a shorter one has to sound the same."""

SAME_SOUND = 0.99
LEAST_OF_BEST = 0.5
"""Products that fit half as well as the best one are not shown."""

_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Query:
    """What is looked for, cleaned of what no product is found by."""

    text: str
    category: str
    limit: int

    @classmethod
    def of(cls, text: str, *, category: str, limit: int) -> "Query":
        return cls(one_line(text, LONGEST_TEXT), one_line(category, LONGEST_TEXT), max(1, limit))

    @property
    def words(self) -> list[str]:
        return list(dict.fromkeys(_WORD.findall(self.text.lower())))[:MOST_WORDS]

    @property
    def term(self) -> str:
        """The query as part of a cache key."""
        return f"{self.text}|{self.category}|{self.limit}"


def search(shop: Shop, query: Query) -> list[dict[str, Any]]:
    """Return the products on sale that fit, the best first, as JSON values of FoundProduct."""
    if not (query.words or query.category):
        return []
    parameters: dict[str, Any] = {
        "channel": shop.channel_id,
        "words": query.words,
        "text": query.text,
        "category": query.category,
        "limit": query.limit,
        "description_shown": DESCRIPTION_SHOWN,
        "leading_word": LEADING_WORD,
        "description_hit": DESCRIPTION_HIT,
        "category_hit": CATEGORY_HIT,
        "typo_factor": TYPO_FACTOR,
        "typo_likeness": TYPO_LIKENESS,
        "typo_shortest": TYPO_SHORTEST,
        "same_sound": SAME_SOUND,
        "least_of_best": LEAST_OF_BEST,
    }
    with connection.cursor() as cursor:
        cursor.execute(_SEARCH, parameters)
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


# Two statements that are sent together are one transaction, and the settings last as long. The operator %>>
# goes by the first. The planner cannot know how few products a word is like, and would rather compare it with
# all of them; the indexes are ten times as quick.
_SEARCH = """
SELECT set_config('pg_trgm.strict_word_similarity_threshold', %(typo_likeness)s::text, true),
    set_config('enable_seqscan', 'off', true), set_config('jit', 'off', true);
WITH words AS MATERIALIZED (
    SELECT word, plainto_tsquery('spanish', word) AS query, botsite_sound(word) AS sound,
        CASE WHEN length(word) < %(typo_shortest)s THEN %(same_sound)s ELSE %(typo_likeness)s END AS likeness
    FROM (SELECT DISTINCT botsite_plain(given) AS word FROM unnest(%(words)s::text[]) AS given) AS plain
    WHERE numnode(plainto_tsquery('spanish', word)) > 0
), shelves AS MATERIALIZED (
    SELECT id, to_tsvector('spanish', botsite_plain(name)) AS search FROM shop_category
    WHERE is_active AND (channel_id = %(channel)s OR channel_id IS NULL)
), shelf AS MATERIALIZED (
    SELECT id FROM shelves WHERE search @@ plainto_tsquery('spanish', botsite_plain(%(category)s))
), hits AS (
    SELECT id, word, CASE
        WHEN NOT ts_filter(search, '{a}') @@ query THEN %(description_hit)s
        WHEN to_tsvector('spanish', split_part(botsite_plain(name), ' ', 1)) @@ query
        THEN 1 + %(leading_word)s
        ELSE 1
    END AS hit
    FROM words JOIN shop_product ON search @@ query
    UNION ALL
    SELECT product.id, word, %(typo_factor)s * alike
    FROM words JOIN shop_product AS product ON spellings %%>> word OR spellings %%>> sound,
        greatest(strict_word_similarity(word, spellings), strict_word_similarity(sound, spellings)) AS alike
    WHERE alike >= likeness
    UNION ALL
    SELECT product.id, word, %(category_hit)s
    FROM words JOIN shelves ON shelves.search @@ query
        JOIN shop_product AS product ON category_id = shelves.id
    UNION ALL
    SELECT id, '', 1 FROM shop_product
    WHERE category_id IN (SELECT id FROM shelf) AND NOT EXISTS (SELECT FROM words)
    UNION ALL
    SELECT id, '', 100 FROM shop_product
    WHERE sku = %(text)s AND (channel_id = %(channel)s OR channel_id IS NULL)
), scores AS (
    SELECT id, sum(hit) AS score FROM (SELECT id, word, max(hit) AS hit FROM hits GROUP BY id, word) AS best
    GROUP BY id
), found AS (
    SELECT product.*, score, max(score) OVER () AS best
    FROM scores JOIN shop_product AS product USING (id)
    WHERE is_active AND (channel_id = %(channel)s OR (channel_id IS NULL AND NOT EXISTS (
            SELECT FROM shop_product AS own WHERE own.channel_id = %(channel)s AND own.sku = product.sku
        )))
        AND (%(category)s = '' OR category_id IN (SELECT id FROM shelf))
)
SELECT sku, found.name, left(description, %(description_shown)s) AS description,
    coalesce(category.name, '') AS category, price::text, currency, stock IS DISTINCT FROM 0 AS available
FROM found LEFT JOIN shop_category AS category ON category.id = category_id
WHERE score > best * %(least_of_best)s
ORDER BY score DESC, found.channel_id IS NULL, stock IS NOT DISTINCT FROM 0,
    similarity(botsite_plain(%(text)s), botsite_plain(found.name)) DESC, found.name, found.id
LIMIT %(limit)s
"""
