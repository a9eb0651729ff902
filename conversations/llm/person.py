"""Whether a customer needs a person instead of the assistant."""

from conversations.llm.text import plain_words

_PEOPLE = frozenset(plain_words("asesor asesora humano humana operador operadora human representative"))
_SOMEBODY = frozenset(
    plain_words("""
    persona alguien agente encargado encargada gerente dueno duena vendedor vendedora person someone
    somebody agent manager owner
    """)
)
_TALKING = frozenset(
    plain_words("""
    hablar hablo hablame comunicarme comunicarse comuniqueme contactar contactarme atienda atender
    llamar pasame paseme pasar speak talk talking contact call chat connect transfer
    """)
)
_TROUBLE = frozenset(
    plain_words("""
    dano danado danada danaron roto rota rompio averiado averiada averia fuga inundado inundada perdi perdido
    perdimos robo robado robaron equivocado equivocada incompleto incompleta caido caida queja reclamo
    broken broke damaged leak leaking lost stolen missing wrong down complaint complain
    """)
)
_WORKING = frozenset(plain_words("funciona funcionan sirve sirven prende enciende work works working"))
_NOT = frozenset(plain_words("no not doesn don isn doesnt dont isnt"))


def wants_person(text: str) -> bool:
    """Tell whether `text` asks for a person: "hablar con alguien", but not "para una persona"."""
    words = set(plain_words(text))
    return bool(words & _PEOPLE or (words & _SOMEBODY and words & _TALKING))


def reports_trouble(text: str) -> bool:
    """Tell whether `text` says that something is broken, lost or wrong: no entry is an answer to that."""
    words = set(plain_words(text))
    return bool(words & _TROUBLE or (words & _WORKING and words & _NOT))
