"""The response cache answers only what anybody could have asked; a wrong hit is another customer's answer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.llm.cacheability import Cacheability, cache_key, judge
from conversations.llm.complexity import assess
from tests.conversations.llm.hostile_questions import HOSTILE
from tests.conversations.llm.questions import HELD_OUT, QUESTIONS


def _judge(text: str) -> Cacheability:
    return judge(text, assess(text))


def test_no_question_is_wrongly_taken_for_cacheable() -> None:
    wrong = [q.text for q in QUESTIONS if not q.cacheable and _judge(q.text).eligible]

    assert wrong == []


def test_no_hostile_question_is_taken_for_cacheable() -> None:
    assert len(HOSTILE) > 200
    assert [text for text in HOSTILE if _judge(text).eligible] == []


@pytest.mark.parametrize("text", ["¿venden cuadernos?", "¿venden perlas?", "¿tienen menú interno?"])
def test_a_word_that_only_ends_like_a_verb_with_a_pronoun_points_nowhere(text: str) -> None:
    assert _judge(text).eligible


def test_most_cacheable_questions_are_taken_for_it() -> None:
    cacheable = [question for question in HELD_OUT if question.cacheable]

    assert sum(_judge(question.text).eligible for question in cacheable) >= 0.75 * len(cacheable)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("sí", "intent: agreement"),
        ("2", "intent: choice"),
        ("venden pan para 20", "holds a number"),
        ("venden pan para veinte", "holds a number"),
        ("venden ½ pan", "holds a number"),
        ("a cómo las 🍕", "holds a sign"),
        ("¿venden en www.tienda.com?", "holds a sign"),
        ("venden pan de Lucrecia", "may hold a name"),
        ("venden pan a jorge?", "may hold a name"),
        ("¿dónde está mi pedido?", "intent: order_status"),
        ("a qué hora abrieron?", "tells what has been done"),
        ("¿lo venden?", "needs what was said before"),
        ("cuánto cuesta el rojo", "needs what was said before"),
        ("hola, y hasta qué hora abren", "needs what was said before"),
        ("hacen domicilios a mi casa", "is about this customer"),
        ("how much is my room", "is about this customer"),
        ("hasta qué hora abren hoy", "is bound to a moment"),
        ("what time do you close tonight", "is bound to a moment"),
        ("con tarjeta de crédito", "may be an answer"),
        ("domicilio", "may be an answer"),
        ("barrio San Fernando", "may hold a name"),
        ("barrio laureles", "asks nothing"),
        ("cuál es la diferencia", "complex"),
        ("venden pan\nvenden queso", "length"),
        ("venden pan " + "muy " * 20 + "bueno", "length"),
        ("venden " + "x" * 200, "length"),
    ],
)
def test_what_is_somebodys_own_is_not_cacheable_and_the_reason_says_why(text: str, reason: str) -> None:
    assert _judge(text) == Cacheability(eligible=False, reason=reason)


@pytest.mark.parametrize(
    "text",
    [
        "hola",
        "¿A qué hora abren?",
        "HOLA BUENAS TARDES, A QUE HORA ABREN LOS DOMINGOS",
        "me podrías decir el precio de la limpieza dental, por favor",
        "quisiera saber si venden pañales",
        "cómo hago para reservar?",
        "cuál es la política de cancelación",
        "do you take credit cards? 🙏",
        "vocês entregam?",
        "menú",
    ],
)
def test_what_anybody_could_ask_is_cacheable(text: str) -> None:
    assert _judge(text) == Cacheability(eligible=True)


@given(st.sampled_from([q.text for q in QUESTIONS if q.cacheable]), st.integers(2, 9999))
def test_a_number_makes_any_question_particular(text: str, number: int) -> None:
    assert not _judge(f"{text} {number}").eligible


@given(
    st.sampled_from([q.text for q in QUESTIONS if q.cacheable]),
    st.sampled_from(
        ["mi pedido", "eso", "lo mismo", "hoy", "Lucrecia", "the other one", "amanhã", "para mi mamá"]
    ),
)
def test_a_word_that_points_elsewhere_makes_any_question_particular(text: str, word: str) -> None:
    assert not _judge(f"{text} {word}").eligible


@given(st.text(max_size=400))
def test_any_text_is_judged(text: str) -> None:
    judged = _judge(text)

    assert judged.eligible is (judged.reason == "")


KEY = {
    "channel_id": 1,
    "prompt_version": "p1",
    "knowledge_version": "k1",
    "tier": "medium",
    "language": "es",
    "text": "¿A qué hora abren?",
}


def _key(**changes: object) -> str:
    return cache_key(**(KEY | changes))  # type: ignore[arg-type]


def test_the_key_is_a_whole_sha_256_and_stays_the_same() -> None:
    assert _key() == "54a6680ce181bdc0913e39f58e49c0a7f032a65fc79f250359bea454548ef84d"


@pytest.mark.parametrize("text", ["a que hora abren", "A QUÉ HORA ABREN???", "  a qué\nhora   abren 🙏"])
def test_accents_capitals_and_punctuation_make_no_other_key(text: str) -> None:
    assert _key(text=text) == _key()


@pytest.mark.parametrize(
    "changes",
    [
        {"channel_id": 2},
        {"prompt_version": "p2"},
        {"knowledge_version": "k2"},
        {"tier": "simple"},
        {"language": "en"},
        {"text": "a que hora abrena"},
        {"text": "aque hora abren"},
        {"channel_id": 11, "prompt_version": ""},
        {"prompt_version": "p1k1", "knowledge_version": ""},
    ],
)
def test_everything_else_makes_another_key(changes: dict[str, object]) -> None:
    assert _key(**changes) != _key()


def test_a_tilde_makes_another_word_however_it_is_encoded() -> None:
    assert _key(text="venden caña") != _key(text="venden cana")
    assert _key(text="venden caña") == _key(text="venden can\u0303a") == _key(text="VENDEN CAÑA")
