"""What makes a question somebody's own or bound to a moment: it is then never answered from the cache.

Written without accents; conversations/llm/phrases.py says what the signs mean.
"""

from conversations.llm.intents import Intent

# Taken out first: politeness around a question,
COURTEOUS = """
    ^ hola, ^ buenas, ^ hola buenas, ^ buenas|buenos|buen dia|dias|tardes|noches, ^ hola buenas|buenos|buen
    dia|dias|tardes|noches, ^ oye, ^ disculpa|disculpe, ^ hola disculpa|disculpe, ^ hola como estas|estan, ^
    como estas|estan|va, ^ hi, ^ hello, ^ hey, ^ hi|hello|hey there, ^ good morning|afternoon|evening, ^ oi,
    ^ ola, ^ bom dia, ^ boa tarde|noite, por favor, porfa, porfavor, gracias, please, thanks, obrigado,
    obrigada, me puedes|puede|pueden|podrias|podria|podrian
    decir|dar|mostrar|confirmar|indicar|informar|enviar|compartir|mandar|pasar|regalar, me
    dices|dice|dan|das|muestras|confirmas|indicas|regalas|regala|mandas|manda|envias|envia|compartes|pasas|
    pasa,
    me gustaria saber|conocer, me gustaria saber si, quiero|quisiera|queria|necesito|necesitaba|deseo
    saber|conocer|preguntar|consultar|ver, quiero|quisiera|queria|necesito|necesitaba|deseo
    saber|preguntar|consultar|ver si, para saber|preguntar|consultar, para saber|preguntar|consultar si, una
    pregunta|consulta|duda, te|le|les hago una pregunta|consulta, hazme|hagame el favor, digame|dime,
    can|could you tell|send|show|give me, i want|need|would|d like to know|ask, let me know, tell me, i was
    wondering if, is it possible, me gustaria|quiero|quisiera|necesito informacion|info sobre|de|del, me
    das|puedes dar informacion|info, you guys, pode|podem me dizer|informar|mandar, gostaria de saber,
    queria|quero saber
"""

# and uses of words that are blocked below.
HARMLESS = """
    por|en|de la manana|tarde|noche, medio dia, donde esta|estan|queda|quedan|es $, donde
    esta|estan|queda|quedan ubicado|ubicada|ubicados|ubicadas, donde esta|estan|queda el|la|su
    tienda|local|sede|restaurante|clinica|consultorio|supermercado|oficina|negocio|almacen, esta|estan
    incluido|incluida|incluidos|incluidas, a como esta|estan el|la|los|las
    kilo|libra|litro|docena|paquete|bulto|porcion, are you located, is|are there, how late are you open, how
    do|can|could i|we|one, can|could|may i|we pay|reserve|book, where is|s the
    store|shop|restaurant|clinic|office|pharmacy|hotel, onde esta a|o loja|clinica|restaurante, precios,
    prices, precos, tudo bem
"""

BLOCKING: dict[str, str] = {
    "needs what was said before": """
        eso, esa, ese, esas, esos, esto, estos, esta, estas, este, aquel, aquella, aquello, aquellos, lo,
        ello, ellos, ella, ellas, con|para|de|a el $, mismo, misma, mismos, mismas, otro, otra, otros,
        otras, ambos, ambas, cualquiera, alguno, alguna, ninguno, ninguna, uno, una $, tambien, tampoco,
        ademas, entonces, asi, anterior, todo $, todos $, el|la|los|las|lo que, el|la|los|las de, los|las
        dos, la|los|las
        tienen|venden|venda|quiero|llevo|manden|mandan|traen|dejan|puedo|puedes|pueden|hay|hacen|aceptan|
        reciben|envian|compro|cobran,
        y|e el|la|los|las|en|con|para|si|por|a|cuando|cuanto|como|donde|que|hasta, ^ y, ^ pero, ^ o, ^ e, ^
        mas, ^ si, ^ no, ^ ok, ^ vale, ^ dale, ^ listo, ^ bueno, ^ claro, ^ perfecto, ^ ah, algo mas, mas $,
        mas barato|barata|baratos|caro|cara|grande|pequeno|pequena|economico|economica,
        el|la|los|las|un|una|en
        grande|pequeno|pequena|mediano|mediana|rojo|roja|azul|negro|negra|blanco|blanca|verde|amarillo|
        amarilla|gris|rosado|rosada|morado|cafe|doble|sencillo|sencilla|barato|barata|caro|cara,
        primera, primero, segunda, segundo, tercera, tercero, ultima, ultimo, dicho, mencionado, era, eran,
        fue, fueron, habia, costaba, costo, deu, foi, was, were, did, tienes|tenes mas|otro, ^
        tiene|trae|viene|incluye|acepta|es|son|fue|era, cuantos|cuantas ... tiene|son|hay|trae|incluye $,
        cual|cuales hay|tienen|es|son $, ^
        venden|tienen|hay|hacen|aceptan|manejan|alquilan|entregan|permiten $, que hora|horas $, que
        hora|horas es|seria|fue|llega|llegan|pasa|pasan|viene|vienen|sale|salen, hacen|venden lo, donde
        estan|anda|andan|va|van, aqui, ahi, alli, alla, aca, it, its, that, thats, this, these, those, them,
        they, one, ones, same, another, other, others, too, also, either, instead, previous, ^ and, ^ but, ^
        or, ^ so, ^ yes, ^ yeah, ^ no, ^ ok, ^ okay, what|how about, anything|something|what else, bigger,
        smaller, cheaper, the blue|red|black|white|green|yellow|big|small|large, there, what time $, where
        is|s, any|some more, which $, essa, esse, isso, isto, aquele, aquela, aquilo, ele, ela, eles, elas,
        dele, dela, outro, outra, ^ sim, ^ nao, o|a
        azul|vermelho|vermelha|preto|preta|branco|branca|grande|pequeno|pequena, onde esta|estao, mais $, ^
        cuanto|quanto $, ^ cuanto|quanto
        es|son|cuesta|cuestan|vale|valen|sale|salen|seria|serian|cobran|custa|custam|e|fica $, ^
        precio|valor|price|preco|costo $, ^ how much $, how much is|are|was|were it|that|they|this $, ^ a
        como|cuanto $, a como|cuanto es|sale|sale|estan|esta $,
        total, totales, cuanto suma|suman|sumaria|falta, cuanto|quanto con|com, todo|tudo, how much with|for
        both, how much with, altogether, everything, both, quanto da, que incluye|trae|contiene|lleva $, o que
        inclui $, what is|s included $, anuncio, publicacion, publicidad, imagen, video, la|una|da|na|a|uma
        foto, ad, advert, picture, photo, image, post, la|el|a oferta|promo|promocion, the
        offer|deal|promo|promotion, arreglar|reparar|consertar|fix|repair $, pra|para ca $, que hora|horas
        empieza|empiezan|comienza|comienzan|termina|terminan|comeca|termina, libre, libres, livre, livres
    """,
    "is about this customer": """
        mi, mis, mio, mia, mios, mias, yo, conmigo, me, nos, nosotros, nuestro, nuestra, nuestros, nuestras,
        soy, somos, estoy, estamos, tengo, tenemos, fui, fuimos, voy, vamos, iba, llevo, llevamos, llamo,
        nombre, quiero, quisiera, queremos, necesito, necesitamos, debo, debemos, pedi, pedimos, compre,
        compramos, pague, pagamos, reserve, hice, hicimos, llegue, llame, escribi, envie, mande, mandeme,
        mandame, envieme, enviame, perdi, olvide, deje, consigne, puse, mi|su cuenta, pedido*, orden,
        ordenes, comprobante, factura, saldo, usted, tu, dijo, dijeron, dijiste, vino, trajo, te, le, se
        lo|la|los|las, doctor, doctora, dr, dra, don, dona, senor, senora, esposo, esposa, hijo, hija,
        hermano, hermana, mama, papa, amigo, amiga, novio, novia, jefe, vecino, vecina, su, sus, quien,
        quienes, tecnico, mensajero, repartidor, i, im, ive, ill, id, my, mine, me, we, us, our, were, his,
        her, hers, he, she, him, their, who, whose, name, order, orders, package, account, mr, mrs, ms,
        bought, ordered, paid, booked, husband, wife, son, daughter, mom, dad, friend, the
        doctor|technician|driver|manager, vi, vimos, saw, cuanto|quanto pagaria|gastaria|quedaria|ficaria,
        abuela, abuelo, suegra, suegro, cunada, cunado, tio, tia, la|el|una|un|o|a
        bebe|nina|nino|muchacha|muchacho|menina|menino, grandma, grandpa, kid, baby, calle, carrera, avenida,
        diagonal, transversal, manzana, torre, bloque, conjunto, edificio, urbanizacion, condominio, predio,
        rua, street, avenue, road, building, meu, minha, meus, minhas, eu, nosso, nossa, sou, estou, tenho,
        fiz, comprei, paguei, seu, sua, quem, encomenda
    """,
    "is bound to a moment": """
        hoy, oy, ayer, anoche, manana, maniana, ahora, aora, ahorita, aorita, ahoritica, ya, todavia, aun,
        sigue, siguen, pronto, luego, despues, antes, proximo, proxima, pasado, pasada, siguiente, que
        viene, momento, rato, hace, temprano, del|de dia, estan|estamos|siguen
        abierto*|cerrad*|atendiendo|trabajando, ^ abren|atienden|trabajan|abrem $, hay|tienen|tiene|have
        mesa|mesas|cita|citas|cupo|cupos|turno|turnos|espacio|habitacion|habitaciones|lugar|puesto|table|
        tables|room|rooms, any|an table|tables|room|rooms|opening|openings|slot|slots|appointment|
        appointments, vaga, vagas, hay de|para almuerzo|almorzar|cena|cenar|desayuno|desayunar|comida|comer|
        tomar|nuevo|postre|sopa, que|what|qual|quais sopa|sopas|sabor|sabores|jugo|jugos|pelicula|peliculas|
        soup|soups|flavor|flavors|flavour|flavours|movie|movies hay|tem|are, cartelera, falta, faltan,
        el|la|o|a partido|funcion|evento|concierto|jogo|show|evento, the game|match|show|concert|event,
        fila, gente, trafico, luz, sistema, clima, weather, busy, queue, wait, dolar, turno, hay
        servicio|atencion|alguien $, are|r you|u|guys open|closed $, ^ you open|closed $, today, tonight,
        tomorrow, yesterday, now, still, yet, already, soon, later, next, last, currently, ago, hoje,
        amanha, ontem, agora, ainda, proximo, proxima, logo, estao abertos|fechados|abertas|fechadas
    """,
}

# What people want done, unless they ask how or on what terms.
IN_GENERAL: dict[str, str] = {
    Intent.BOOKING: "como ... reserv*|cita|agend*|turno|marcar, how ... reserv*|book|appointment",
    Intent.CANCELLATION: """
        politica|politicas|condiciones, policy|terms, hacen|aceptan devoluciones, se puede|pueden
        cambiar|devolver
    """,
}

# Of a word or two, and as likely the answer to what the business asked.
ANSWERS = "^ pagar|pago|pagos|pay|payment, ^ domicilio|envio|entrega|delivery|shipping|fotos|photos $"

# So does what begins with a preposition, unless a question word follows: "con tarjeta", but "a que hora".
PREPOSITIONS = "a con de en para por sin hasta at by for in to with com em sem ate"
QUESTION_WORDS = """
    que q k cual cuales como cuando cuanto cuanta cuantos cuantas donde qual quanto onde what which where
"""
