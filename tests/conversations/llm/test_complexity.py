"""Tier and intent: measured on questions that the phrases were not written from, and the rules one by one."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.llm.complexity import Assessment, Tier, assess
from conversations.llm.intents import PHRASES, Intent
from tests.conversations.llm.questions import HELD_OUT, QUESTIONS, Question


def _wrong(questions: tuple[Question, ...], field: str) -> list[str]:
    return [
        f"{question.text}: {getattr(assess(question.text), field)}, not {getattr(question, field)}"
        for question in questions
        if getattr(assess(question.text), field) != getattr(question, field)
    ]


def test_there_are_enough_questions_and_none_twice() -> None:
    texts = {question.text for question in QUESTIONS}

    assert len(texts) == len(QUESTIONS) >= 300
    assert len(HELD_OUT) >= 150
    assert {question.language for question in HELD_OUT} == {"es", "en", "pt"}
    assert {question.intent for question in QUESTIONS} == {str(intent) for intent in Intent}


def test_the_tier_is_right_for_95_of_100_questions_never_seen() -> None:
    # Printed without the questions: whoever looks at them adjusts to them.
    assert len(_wrong(HELD_OUT, "tier")) <= 0.05 * len(HELD_OUT)


def test_the_intent_is_right_for_90_of_100_questions_never_seen() -> None:
    assert len(_wrong(HELD_OUT, "intent")) <= 0.10 * len(HELD_OUT)


def test_the_questions_that_the_phrases_were_written_from_keep_their_tier() -> None:
    assert _wrong(tuple(question for question in QUESTIONS if question.part == "dev"), "tier") == []


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("KIERO saver el ORARIO", Intent.HOURS),
        ("¿Qué horario tienen? 🕐🕐", Intent.HOURS),
        ("cuanto kuesta el arros", Intent.PRICE),
        ("nesesito una sita", Intent.BOOKING),
        ("¿ＤÓＮＤＥ están?", Intent.LOCATION),
        ("tienen enbio a domisilio", Intent.DELIVERY),
        ("quiero cancelr mi reserva", Intent.CANCELLATION),
    ],
)
def test_spelling_accents_capitals_and_emoji_do_not_matter(text: str, intent: Intent) -> None:
    assert assess(text).intent is intent
    assert assess(text).tier is Tier.MEDIUM


@pytest.mark.parametrize("text", ["hola", "menu", "gracias", "sí", "si", "no", "ok", "vale", "7", "12345"])
def test_the_simple_words_of_the_first_design_are_simple(text: str) -> None:
    assert assess(text).tier is Tier.SIMPLE


@pytest.mark.parametrize(
    "text",
    [
        "busco un vino específico",
        "busco zapatos de marca",
        "quiero comparar dos planes",
        "quiero ver la diferencia",
        "necesito ayuda con mi pedido",
        "necesito asesoramiento",
    ],
)
def test_the_complex_requests_of_the_first_design_are_complex(text: str) -> None:
    assert assess(text).tier is Tier.COMPLEX


def test_every_decision_gives_its_reason_in_our_words() -> None:
    secret = "Zacarías"

    for question in QUESTIONS:
        reason = assess(f"{question.text} {secret}").reason
        assert reason
        assert secret.lower() not in reason.lower()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("gracias!", Assessment(Tier.SIMPLE, Intent.THANKS, "small talk: thanks")),
        ("", Assessment(Tier.SIMPLE, Intent.OTHER, "no words")),
        ("🤷", Assessment(Tier.SIMPLE, Intent.OTHER, "no words")),
        ("la tercera", Assessment(Tier.SIMPLE, Intent.CHOICE, "picks from a list")),
        ("cardápio", Assessment(Tier.SIMPLE, Intent.CATALOGUE, "a single word or command")),
        ("quiero hablar con una persona", Assessment(Tier.SIMPLE, Intent.PERSON, "asks for a person")),
        ("venden pan", Assessment(Tier.MEDIUM, Intent.CATALOGUE, "one request: venden")),
        ("mi perro es azul", Assessment(Tier.MEDIUM, Intent.OTHER, "nothing special")),
        ("se dañó la nevera", Assessment(Tier.COMPLEX, Intent.COMPLAINT, "complaint")),
        ("palabra " * 26, Assessment(Tier.COMPLEX, Intent.OTHER, "long")),
    ],
)
def test_the_reason_names_what_decided(text: str, expected: Assessment) -> None:
    assert assess(text) == expected


def test_three_questions_are_several_and_two_are_not() -> None:
    assert assess("¿Cuánto cuesta? ¿Dónde quedan? ¿Aceptan tarjeta?").reason == "several questions"
    assert assess("¿Cuánto cuesta? ¿Dónde quedan?").tier is Tier.MEDIUM


def test_conditions_add_up_but_an_order_is_a_list_by_nature() -> None:
    flat = "busco apartamento con balcón, cerca del metro, sin muebles, para dos"
    order = "quiero 2 hamburguesas con queso, una sin cebolla, papas, para llevar"

    assert assess(flat).reason == "several conditions"
    assert assess(order) == Assessment(Tier.MEDIUM, Intent.ORDER, "one request: quiero #")


def test_a_complaint_comes_before_the_wish_for_a_person() -> None:
    assessment = assess("pésimo servicio, quiero hablar con el gerente")

    assert (assessment.tier, assessment.intent) == (Tier.COMPLEX, Intent.COMPLAINT)


@given(st.text(max_size=3000))
def test_any_text_is_assessed(text: str) -> None:
    assert assess(text).tier in Tier


def test_a_flood_of_words_from_our_own_phrases_is_assessed() -> None:
    words = " ".join(PHRASES.values()).replace("|", " ").replace("*", "").split()
    flood = " ".join(random.Random(1).choices(words, k=200_000))

    assert assess(flood).tier is Tier.COMPLEX
