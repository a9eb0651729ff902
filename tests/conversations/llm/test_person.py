"""Which messages a person has to answer, whatever is known."""

import pytest

from conversations.llm.person import reports_trouble, wants_person


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Quiero hablar con alguien", True),
        ("¿Me comunica con un asesor?", True),
        ("can I talk to a person", True),
        ("una casa para una persona", False),
        ("puedo hablar inglés", False),
        ("", False),
    ],
)
def test_a_wish_for_a_person_is_seen(text: str, expected: bool) -> None:
    assert wants_person(text) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Se dañó la bicicleta", True),
        ("no me funciona el internet", True),
        ("the wifi doesn't work", True),
        ("my delivery is wrong", True),
        ("¿cómo funciona la reserva?", False),
        ("no tengo tarjeta, ¿puedo pagar en efectivo?", False),
        ("", False),
    ],
)
def test_trouble_is_seen(text: str, expected: bool) -> None:
    assert reports_trouble(text) is expected
