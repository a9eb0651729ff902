"""What staff decide about an assistant, as the prompt takes it."""

from dataclasses import dataclass

from conversations.llm.opening_hours import OpeningHours

TONES = {
    "friendly": "Be warm and friendly, and address the customer informally.",
    "formal": "Be courteous and formal: in Spanish say usted, in Portuguese o senhor or a senhora.",
    "brief": "Be as brief as possible: one or two short sentences.",
    "lively": "Be lively and cheerful, with an emoji now and then.",
}
LANGUAGES = {"es": "Spanish", "en": "English", "pt": "Portuguese"}

DEFAULT_INSTRUCTIONS = {
    "es": "Eres el asistente de WhatsApp de un negocio. Atiendes a sus clientes con amabilidad.",
    "en": "You are the WhatsApp assistant of a business. You serve its customers in a friendly way.",
    "pt": "Você é o assistente de WhatsApp de um negócio. Atende os clientes com simpatia.",
}


@dataclass(frozen=True, slots=True)
class Profile:
    """One version of an assistant's profile. Empty fields say nothing, and our defaults hold.

    `tone` is a key of TONES; `language`, one of LANGUAGES, is the one to answer in, empty: the customer's.
    """

    instructions: str = ""
    tone: str = ""
    language: str = ""
    hours: OpeningHours | None = None
