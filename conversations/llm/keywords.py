"""The words of a customer's question that say what it is about."""

from conversations.llm.text import plain_words

MOST_KEYWORDS = 20
"""Whoever writes more asks no single question; all of it would only slow the search down."""

_PADDING = frozenset(
    plain_words("""
    hola buenas buenos buen dia dias tardes tarde noches noche saludos favor gracias disculpa disculpe
    perdon oye quiero quisiera queria quieres gustaria necesito deseo puedo puede pueden podria podrian
    podemos saber sabes decir dime digame decirme dicen ayuda ayudar ayudarme informacion info pregunta
    preguntar consulta consultar duda favorcito plis porfa porfavor cuanto cuanta cuantos cuantas cual
    cuales como cuando donde quien que si no mas muy tambien solo ahora aqui alli ahi hoy manana usted
    ustedes uds tienen tiene tienes tener hay hacer hace hacen hago haces haga haria esta estan estoy soy
    ser van voy ir algun alguna algo cosa cosas mi tu su el la me te nos ver pues entonces ya amigo amiga
    senor senora hora horas ora vale valen mes
    da das dan dame den manda mandas mandame regala regalas regalame pasa pasas pasame ofrece ofrecen
    maneja manejan recibe reciben permite permiten permitido debo debe deben toca existe existen sigue
    siguen tengo tenemos sale dejar confirma confirmas pide piden tal otro otra otros otras proceso
    servicio servicios disponible disponibles bien mejor gran grande grandes pequeno pequena pequenos
    pequenas exacto exacta exactamente cuenta cuentan cobra cobran admite admiten ocupo partir compre
    compramos rapido rapida nuevo nueva primero primera ultimo ultima ayer fin semana semanas familia
    empresa uno dos tres cuatro cinco seis siete ocho nueve diez enero febrero marzo abril mayo junio
    julio agosto septiembre octubre noviembre diciembre
    ja jaja jajaja haha lol
    hi hello hey good morning afternoon evening please thanks thank you want wanted wanna would like could
    can need know tell help information question ask asking wonder wondering what when where which how
    much many does do did is are have has get got there here today tomorrow now sorry excuse guys
    something anything also just any possible im id ive time make makes let
    ok okay bought come available another process service whats pls plz ur send give show take use good
    great best nice big small large exact exactly new first last week weeks weekend yesterday right
    still family company policy one two three four five six seven eight nine ten january february march
    april june july august september october november december
    """)
)


def keywords(text: str) -> list[str]:
    """Return the distinct words of `text` that carry its meaning, plain and in order.

    Numbers (`2`, `4pm`) are left out. The function words (articles, prepositions) are Postgres's to drop.
    """
    words = dict.fromkeys(plain_words(text))
    kept = [word for word in words if len(word) > 1 and not word[0].isdigit() and word not in _PADDING]
    return kept[:MOST_KEYWORDS]
