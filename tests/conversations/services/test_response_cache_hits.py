"""No wrong hit: over all labelled questions, an answer is shared by questions of one meaning alone."""

from collections import defaultdict

import pytest

from conversations.llm.text import plain_words
from conversations.services.response_cache import plan_for
from sessions_app.models import Channel
from tests.conversations.llm.hostile_questions import HOSTILE
from tests.conversations.llm.questions import QUESTIONS
from tests.conversations.services.cache_cases import PROFILE

pytestmark = pytest.mark.django_db(transaction=True)

LANGUAGES = ("es", "en", "pt")


def key_of(channel: Channel, text: str, language: str) -> str | None:
    plan = plan_for(channel_id=channel.pk, profile=PROFILE, language=language, question=text)
    return plan.key if plan else None


def test_questions_share_an_answer_only_when_they_are_the_same_words(channel: Channel) -> None:
    sharing: dict[str, set[tuple[str, ...]]] = defaultdict(set)
    for language in LANGUAGES:
        for question in QUESTIONS:
            if key := key_of(channel, question.text, language):
                assert question.cacheable, question.text
                sharing[key].add(tuple(plain_words(question.text)))

    assert len(sharing) > 100
    assert [words for words in sharing.values() if len(words) > 1] == []


def test_what_is_no_question_for_all_has_no_key_at_all(channel: Channel) -> None:
    own = [*HOSTILE, *(question.text for question in QUESTIONS if not question.cacheable)]

    assert [text for text in own for language in LANGUAGES if key_of(channel, text, language)] == []


def test_the_same_question_written_otherwise_has_the_same_key(channel: Channel) -> None:
    for question in QUESTIONS:
        if key := key_of(channel, question.text, "es"):
            for otherwise in (question.text.upper(), f"  {question.text}  ", f"{question.text} 🙏"):
                assert key_of(channel, otherwise, "es") in (key, None), question.text
