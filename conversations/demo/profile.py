"""The demo's assistant: whom the customers of Casa Sol write to, and when it is open."""

from conversations.models import AssistantProfile
from conversations.services.assistant_profiles import version_save
from sessions_app.models import Channel

_OFFICE = [["08:00", "20:00"]]
CONTENT = {
    "instructions": (
        "Eres la asistente de Casa Sol, que alquila casas de vacaciones y tiene un minimercado.\n"
        "Ayuda a elegir alojamiento y a hacer el pedido del minimercado.\n"
        "Las reservas y los pagos los confirma una persona del equipo."
    ),
    "tone": "friendly",
    "language": "",
    "week": {
        **dict.fromkeys(("mon", "tue", "wed", "thu", "fri", "sat"), _OFFICE),
        "sun": [["09:00", "14:00"]],
    },
    "timezone": "America/Bogota",
    "holidays": "El 25 de diciembre y el 1 de enero está cerrado.",
}


def seed_profile(channel: Channel) -> bool:
    """Give the channel a profile with its first version, unless it has one; tells whether it is new."""
    profile, created = AssistantProfile.objects.get_or_create(channel=channel)
    if created:
        version_save(profile, content=CONTENT, author=None, comment="La demostración")
    return created
