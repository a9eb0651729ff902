"""What makes a message complex, and by what questions and conditions are counted.

Written without accents; conversations/llm/phrases.py says what the signs mean.
"""

# Beside complaint and advice.
COMPLEX: dict[str, str] = {
    "looks for something specific": "busco ... especifica*|especifico*|exact*|marca",
    "compares": "quiero ... comparar|diferencia",
    "needs help": """
        necesito ... ayuda|asesoramiento|asesoria, ayudar|ayudas|ayudame a|con, ayuda para|con, need ...
        help, help me, can you help, preciso de ajuda, me ajuda
    """,
    "negotiates": """
        si ... descuento*|rebaja*, descuento*|rebaja* ... si|por, me|nos hacen|haces|hace|dan|das|da ...
        descuento*|rebaja*, si llevo|pago|compro|tomo ... como|cuanto|dejan|descuento, cotizacion*,
        cotizar*, presupuesto, discount* if|for, if ... discount*, quote, desconto* se|por, se ...
        desconto*, orcamento
    """,
    "wants an explanation": """
        explica*, explique*, paso a paso, explain*, step by step, passo a passo, que pasa si, what if
    """,
}

# How a question begins.
QUESTIONS = """
    me puedes|puede|pueden|podrias|podria|podrian, quiero|quisiera|necesito|queria saber,
    precio|precios|tarifa|tarifas|valor|costo|price|prices|preco de|del|of|da|do,
    cuanto|cuanta|cuantos|cuantas, cual|cuales, que incluye|precio|horario|hora|documentos|necesito,
    como, donde, cuando, hay, tienen, tiene, incluye, se puede, puedo, aceptan, acepta, reciben,
    hacen, venden, manejan, ofrecen, alquilan, abren, atienden, permiten, entregan, llevan, cobran,
    a|hasta que hora|horas, que
    horario|servicios|marcas|productos|promociones|medios|platos|documentos, how, what, whats,
    which, where, wheres, when, is|are there|it|the|you, are ... allowed|included, is
    breakfast|parking|delivery, can i|we|you, do|does you|it|they|the, quanto, qual, onde, quando,
    tem, aceitam, posso, fazem, abrem, vendem, entregam
"""

# Conditions of one kind count once.
CONDITIONS: dict[str, str] = {
    "with": "con, with, com",
    "without": "sin, without, sem",
    "for": "para, for",
    "near": "cerca, cerquita, near, close to, perto",
    "that": """
        que acept*|permit*|tenga*|sea|sean|quede|incluya|sirva, que no, that is|has|allows, que
        aceite|tenha
    """,
    "limit": "menos de, maximo, hasta #, no pase, under|below #, at most, no maximo",
    "between": "del|desde|from # al|hasta|to #",
    "count": "# habitacion*|banos|personas|cuartos|bedroom*|people|adults|quartos|pessoas",
}
