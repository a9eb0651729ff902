"""Which of our two languages a short text is written in."""

from functools import cache

from conversations.llm.smalltalk import PHRASES
from conversations.llm.text import plain_words, single_letters

_COMMON_WORDS = {
    "es": """
        de la el los las un una unos unas y o en con por para que se su sus mi mis tu al del lo le les
        me te nos es son soy eres esta estan estoy hay tiene tienen tengo tenemos puedo puede pueden
        quiero quisiera necesito busco como cuando cuanto cuanta cuantos cuantas donde cual cuales quien
        si pero mas muy ya tambien hasta desde sin sobre entre hoy manana ahora aqui alli favor gracias
        cuesta cuestan vale precio precios horario horarios hora horas abren cierran abierto direccion
        ubicacion envio envios domicilio pago pagar tarjeta efectivo alquiler alquilar renta rentar casa
        auto carro reserva reservar hacen venden aceptan puedes informacion ayuda persona dias semana
        tarde noche leche pan
    """,
    "en": """
        the of to in on at for from with and or but is are am was be it its this that these those i you
        he she we they my your our me us do does did can could would will should have has how what when
        where which who why much many any some time out up new there here please need want looking like
        much open close opening hours price prices cost costs address location delivery deliver shipping
        pay payment card cash rent rental house car booking book reserve today tomorrow now help person
        people information day days week milk bread sell accept
    """,
}
_SPANISH_SIGNS = "ñ¿¡áéíóú"


def detect_language(text: str, default: str) -> str:
    """Return "es" or "en", whichever has more of the words of `text`, or `default` when neither has."""
    words = [form for word in plain_words(text) for form in {word, single_letters(word)}]
    signs = sum(sign in _SPANISH_SIGNS for sign in text.lower())
    spanish = signs + sum(word in _known("es") for word in words)
    english = sum(word in _known("en") for word in words)
    if spanish == english:
        return default
    return "es" if spanish > english else "en"


@cache
def _known(language: str) -> frozenset[str]:
    greetings = " ".join(by_language[language] for by_language in PHRASES.values())
    return frozenset(plain_words(f"{greetings} {single_letters(greetings)} {_COMMON_WORDS[language]}"))
