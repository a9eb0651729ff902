"""How long ago something was, in words."""

from datetime import timedelta

import pytest
from django.utils import timezone, translation

from botsite.ago import ago


@pytest.mark.parametrize(
    ("seconds", "language", "words"),
    [
        (5, "en", "just now"),
        (5, "es", "hace un momento"),
        (250, "en", "4 minutes ago"),
        (250, "es", "hace 4 minutos"),
    ],
)
def test_less_than_a_minute_is_just_now(seconds: int, language: str, words: str) -> None:
    with translation.override(language):
        assert ago(timezone.now() - timedelta(seconds=seconds)).replace("\xa0", " ") == words
