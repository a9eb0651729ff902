"""The small language of phrases, and that none of ours is written so that it can never be found."""

import pytest

from conversations.llm import complexity
from conversations.llm.cache_phrases import ANSWERS, BLOCKING, COURTEOUS, HARMLESS, IN_GENERAL
from conversations.llm.complexity_phrases import COMPLEX, CONDITIONS, QUESTIONS
from conversations.llm.intents import KEYWORDS, PHRASES
from conversations.llm.phrases import Match, PhraseBook
from conversations.llm.text import plain_words


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ("abren", "¿ABREN?"),
        ("reserv*", "una reservación"),
        ("quiero|quisiera pan", "quisiera pan"),
        ("quiero|\n    quisiera pan", "quiero pan"),
        ("quiero # panes", "quiero 12 panes"),
        ("quiero # panes", "quiero doce panes"),
        ("donde ... pedido", "donde pedido"),
        ("donde ... pedido", "donde a b c d e f pedido"),
        ("^ pan", "pan con queso"),
        ("queso $", "pan con queso"),
        ("^ hola $", "hola"),
        ("que hora", "q ora"),
        ("horario", "orrario"),
        ("domicilio", "domiciio"),
    ],
)
def test_a_phrase_is_found(phrase: str, text: str) -> None:
    assert "label" in PhraseBook({"label": phrase}).labels(plain_words(text))


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ("abren", "abre"),
        ("quiero pan", "quiero el pan"),
        ("quiero # panes", "quiero panes"),
        ("donde ... pedido", "donde a b c d e f g pedido"),
        ("^ pan", "un pan"),
        ("queso $", "queso con pan"),
        ("hora", "cola"),
        ("a b", "a"),
    ],
)
def test_a_phrase_is_not_found(phrase: str, text: str) -> None:
    assert PhraseBook({"label": phrase}).labels(plain_words(text)) == {}


def test_a_match_says_where_it_stands_and_which_words_of_the_phrase_it_took() -> None:
    book = PhraseBook({"buy": "quiero|quisiera pan"})

    assert book.matches(["hola", "quisiera", "pan", "ya"]) == [Match("buy", "quisiera pan", 1, 3)]
    assert book.without(["hola", "quisiera", "pan", "ya"]) == ["hola", "ya"]


def test_the_ends_of_a_message_are_no_words_to_take_out() -> None:
    assert PhraseBook({"all": "^ hola $"}).without(["hola"]) == []
    assert PhraseBook({"begin": "^ hola"}).without(["hola", "pan"]) == ["pan"]
    assert PhraseBook({"end": "pan $"}).without(["hola", "pan"]) == ["hola"]


def test_short_words_can_be_taken_as_they_are_spelt() -> None:
    assert PhraseBook({"label": "his"}).labels(["is"])
    assert not PhraseBook({"label": "his"}, heard_from=5).labels(["is"])
    assert PhraseBook({"label": "nuestro"}, heard_from=5).labels(["nuezstro"])


def test_misspelt_words_are_only_corrected_where_that_is_wanted() -> None:
    assert PhraseBook({"label": "domicilio"}).labels(["domiciio"])
    assert not PhraseBook({"label": "domicilio"}, corrects=False).labels(["domiciio"])


@pytest.mark.parametrize(
    "listed",
    [
        text
        for book in (PHRASES, KEYWORDS, BLOCKING, IN_GENERAL, COMPLEX, CONDITIONS)
        for text in book.values()
    ]
    + [COURTEOUS, HARMLESS, ANSWERS, QUESTIONS],
)
def test_our_phrases_are_plain_and_none_is_empty(listed: str) -> None:
    words = [word for phrase in listed.split(",") for word in phrase.replace("|", " ").split()]
    signs = {"^", "$", "#", "..."}

    assert all(phrase.strip() for phrase in listed.split(","))
    assert [word for word in words if word not in signs and plain_words(word) != [word.rstrip("*")]] == []
    # By ear a final c is another letter before e or i than before a: `diferenc*` would find nothing.
    assert [word for word in words if word.endswith(("c*", "q*"))] == []


def test_every_command_is_one_of_a_kind() -> None:
    commands = [command.strip() for listed in KEYWORDS.values() for command in listed.split(",")]

    assert sorted({command for command in commands if commands.count(command) > 1}) == []
    assert all(complexity.assess(command).tier is complexity.Tier.SIMPLE for command in commands)
