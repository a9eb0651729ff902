"""The labelled questions of tests/data/questions.jsonl.

Each line: text, language (es, en, pt), tier, intent, cacheable, and its part. The phrases were written from
the part "dev"; the part "test" was written before them, and nothing is ever adjusted to it.

How they are labelled: a tier as conversations/llm/complexity.py defines it. Cacheable is what anybody could
ask, what is complete in itself, and what has the same answer all day; whatever names a person, a number, an
order, a moment, or something said before is not.
"""

import json
from dataclasses import dataclass
from pathlib import Path

_FILE = Path(__file__).resolve().parents[2] / "data" / "questions.jsonl"


@dataclass(frozen=True, slots=True)
class Question:
    part: str
    language: str
    text: str
    tier: str
    intent: str
    cacheable: bool


QUESTIONS = tuple(Question(**json.loads(line)) for line in _FILE.read_text(encoding="utf-8").splitlines())
HELD_OUT = tuple(question for question in QUESTIONS if question.part == "test")
