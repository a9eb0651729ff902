"""Spanish or English, also of two words."""

import pytest

from conversations.llm.language import detect_language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("hola", "es"),
        ("HOLAAA", "es"),
        ("¿Cuánto cuesta?", "es"),
        ("cuanto cuesta", "es"),
        ("orario de atencion", "es"),
        ("mañana", "es"),
        ("tienen parking", "es"),
        ("el wifi", "es"),
        ("precio", "es"),
        ("hi", "en"),
        ("Helloooo", "en"),
        ("how much", "en"),
        ("where are you", "en"),
        ("is there wifi", "en"),
        ("I want to book a house for the 12th", "en"),
        ("price", "en"),
    ],
)
def test_the_words_tell_the_language(text: str, language: str) -> None:
    other = "en" if language == "es" else "es"
    assert detect_language(text, default=other) == language


@pytest.mark.parametrize("text", ["", "ok", "wifi", "👍", "123", "xyz", "\x00\ud800"])
@pytest.mark.parametrize("default", ["es", "en"])
def test_the_default_is_taken_where_no_word_tells(text: str, default: str) -> None:
    assert detect_language(text, default) == default
