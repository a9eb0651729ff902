"""What the offline responder says by itself, in the customer's language."""

from conversations.llm.smalltalk import SmallTalk

_TEXTS = {
    SmallTalk.GREETING: {
        "es": "¡Hola! 👋 ¿En qué te puedo ayudar?",
        "en": "Hello! 👋 How can I help you?",
    },
    SmallTalk.AGREEMENT: {
        "es": "¡Perfecto! Si necesitas algo más, escríbeme.",
        "en": "Great! If you need anything else, just write to me.",
    },
    SmallTalk.THANKS: {
        "es": "¡Con gusto! Si necesitas algo más, escríbeme.",
        "en": "You're welcome! If you need anything else, just write to me.",
    },
    SmallTalk.GOODBYE: {
        "es": "¡Hasta pronto! Que tengas un buen día.",
        "en": "Goodbye! Have a nice day.",
    },
}
_UNKNOWN = {
    "es": "No sé la respuesta; una persona de nuestro equipo te contestará por aquí.",
    "en": "I don't know the answer; a person from our team will reply to you here.",
}


def small_talk_text(kind: SmallTalk, language: str) -> str:
    """Return the answer to small talk in `language` ("es" or "en"; anything else: English)."""
    return _TEXTS[kind].get(language, _TEXTS[kind]["en"])


def unknown_text(language: str) -> str:
    """Return the honest sentence for a question that nothing was found for."""
    return _UNKNOWN.get(language, _UNKNOWN["en"])
