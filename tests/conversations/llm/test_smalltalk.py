"""Greetings and other messages that ask for nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.llm.fallback import small_talk_text, unknown_text
from conversations.llm.person import wants_person
from conversations.llm.smalltalk import SmallTalk, recognize

GREETINGS = [
    "hola",
    "Hola!!",
    "HOLA",
    "holaa",
    "Holaaaaa 😀",
    "ola",
    "hla",
    "hoola",
    "buenas",
    "Buenas!",
    "wenas",
    "bunas tardes",
    "Buenos días",
    "buenos dias",
    "Buen día 🌞",
    "BUENAS TARDES",
    "buenas noches señora",
    "Hola, buenas tardes",
    "hola buenas",
    "Hola qué tal?",
    "hola, ¿cómo están?",
    "que tal amigo",
    "👋",
    "hi",
    "Hi there",
    "hello",
    "Helloooo",
    "helo",
    "Hello everyone",
    "hey!",
    "Good morning",
    "good mornin",
    "Good evening, sir",
    "hi how are you?",
    "holis",
    "oi",
    "Olá! Tudo bem?",
    "Bom dia",
    "boa noite 🙂",
]

QUESTIONS = [
    "hola, ¿cuánto cuesta el alquiler?",
    "Hola precio",
    "buenas tienen leche",
    "Hola quiero reservar",
    "buenos días, ¿hay wifi?",
    "hora",
    "hello, do you deliver?",
    "hi, price?",
    "good morning I need a house",
    "cola",
    "casa",
    "sí",
    "no",
    "2",
    "?",
    "¿",
    "hola 2",
    "gracias, ¿a qué hora abren?",
    "tardes",
    "ok y el precio?",
    "🏠",
    "hola me cobraron dos veces",
    "buen precio",
    "how are the prices",
]


@pytest.mark.parametrize("text", GREETINGS)
def test_a_greeting_is_recognized(text: str) -> None:
    assert recognize(text) is SmallTalk.GREETING


@pytest.mark.parametrize("text", ["", "   ", "\x00", "\ud800", *QUESTIONS])
def test_whatever_asks_for_something_is_no_small_talk(text: str) -> None:
    assert recognize(text) is None


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Muchas gracias!", SmallTalk.THANKS),
        ("grasias", SmallTalk.THANKS),
        ("Hola, gracias", SmallTalk.THANKS),
        ("ok gracias", SmallTalk.THANKS),
        ("Thank you so much", SmallTalk.THANKS),
        ("🙏🙏", SmallTalk.THANKS),
        ("gracias, hasta luego", SmallTalk.GOODBYE),
        ("Chao", SmallTalk.GOODBYE),
        ("bye bye", SmallTalk.GOODBYE),
        ("good night", SmallTalk.GOODBYE),
        ("Ok", SmallTalk.AGREEMENT),
        ("perfeto", SmallTalk.AGREEMENT),
        ("👍", SmallTalk.AGREEMENT),
        ("sounds good", SmallTalk.AGREEMENT),
        ("muito obrigada!", SmallTalk.THANKS),
        ("tá bom", SmallTalk.AGREEMENT),
        ("tchau", SmallTalk.GOODBYE),
    ],
)
def test_the_last_kind_decides(text: str, kind: SmallTalk) -> None:
    assert recognize(text) is kind


def test_a_long_message_is_never_small_talk() -> None:
    assert recognize("hola " * 9) is None


@given(st.text(alphabet=st.characters(codec=None, categories=None)))
def test_any_text_is_taken(text: str) -> None:
    recognize(text)
    wants_person(text)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("quiero hablar con una persona", True),
        ("¿Me comunicas con alguien? quiero HABLAR con el dueño", True),
        ("un asesor por favor", True),
        ("Can I speak to someone", True),
        ("precio para una persona", False),
        ("is there a person limit", False),
        ("los puedo llamar", False),
    ],
)
def test_a_wish_for_a_person(text: str, wanted: bool) -> None:
    assert wants_person(text) is wanted


def test_every_text_exists_in_both_languages() -> None:
    for kind in SmallTalk:
        assert small_talk_text(kind, "es") != small_talk_text(kind, "en") == small_talk_text(kind, "fr")
    assert unknown_text("es").startswith("No sé la respuesta; una persona")
    assert unknown_text("en") == unknown_text("fr") != unknown_text("es")
