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
_WAITING = {
    "es": "Recibimos tu mensaje. En este momento no podemos responder; te contestaremos por aquí muy pronto.",
    "en": "We got your message. We cannot reply right now; we will get back to you here soon.",
    "pt": "Recebemos sua mensagem. No momento não conseguimos responder; responderemos por aqui em breve.",
}


def small_talk_text(kind: SmallTalk, language: str) -> str:
    """Return the answer to small talk in `language` ("es" or "en"; anything else: English)."""
    return _TEXTS[kind].get(language, _TEXTS[kind]["en"])


def unknown_text(language: str) -> str:
    """Return the honest sentence for a question that nothing was found for."""
    return _UNKNOWN.get(language, _UNKNOWN["en"])


def waiting_text(language: str) -> str:
    """Return the notice that an answer will take a while ("es", "en" or "pt"; anything else: English)."""
    return _WAITING.get(language, _WAITING["en"])
