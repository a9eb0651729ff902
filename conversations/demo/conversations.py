"""Demo conversations: who wrote, what was asked and answered, and how each question ended."""

from typing import NamedTuple

from conversations.models import InboundState


class DemoTurn(NamedTuple):
    question: str
    answer: str
    state: InboundState


class DemoConversation(NamedTuple):
    name: str
    wa_id: str
    labels: list[str]
    turns: list[DemoTurn]


ANSWERED, HELD = InboundState.ANSWERED, InboundState.HELD

CONVERSATIONS = [
    DemoConversation(
        name="Cliente de la playa",
        wa_id="570000000001",
        labels=["alquiler"],
        turns=[
            DemoTurn("Hola, buenas tardes", "¡Hola! ¿En qué te puedo ayudar?", ANSWERED),
            DemoTurn("¿A qué hora abren?", "Abrimos de lunes a sábado, de 8:00 a 20:00.", ANSWERED),
            DemoTurn("Perfecto, gracias 🙏", "¡Con gusto!", ANSWERED),
        ],
    ),
    DemoConversation(
        name="Cliente del apartamento",
        wa_id="570000000002",
        labels=["alquiler", "factura"],
        turns=[
            DemoTurn("Buenos días", "¡Buenos días! ¿En qué te puedo ayudar?", ANSWERED),
            DemoTurn(
                "¿Me pueden cambiar la factura a nombre de mi empresa?",
                "No sé la respuesta; una persona del equipo te contestará por aquí.",
                HELD,
            ),
        ],
    ),
    DemoConversation(
        name="English-speaking customer",
        wa_id="570000000003",
        labels=["supermarket"],
        turns=[
            DemoTurn("Hi! Do you deliver?", "Yes, we deliver within the city on the same day.", ANSWERED),
            DemoTurn("Great, thanks", "You're welcome!", ANSWERED),
        ],
    ),
]
