"""What a message wants, and the phrases that show it, in Spanish, English and Portuguese.

Written without accents; conversations/llm/phrases.py says what the signs mean.
"""

from enum import StrEnum


class Intent(StrEnum):
    """What the customer wants. Catalogue is what the business has, does, includes and allows."""

    GREETING = "greeting"
    AGREEMENT = "agreement"
    REFUSAL = "refusal"
    CHOICE = "choice"
    THANKS = "thanks"
    FAREWELL = "farewell"
    PERSON = "person"
    COMPLAINT = "complaint"
    CANCELLATION = "cancellation"
    ORDER_STATUS = "order_status"
    ADVICE = "advice"
    STOCK = "stock"
    PAYMENT = "payment"
    BOOKING = "booking"
    ORDER = "order"
    DELIVERY = "delivery"
    HOURS = "hours"
    LOCATION = "location"
    PRICE = "price"
    CATALOGUE = "catalogue"
    OTHER = "other"


# In order: of the intents that a message shows, the first one counts.
PHRASES: dict[str, str] = {
    Intent.COMPLAINT: """
        queja, quejarme, reclamo, reclamar, pesimo|pesima|malisimo|malisima|asqueroso|asquerosa, horrible*,
        terrible*, inaceptable, falta de respeto, mal servicio, mala atencion, grosero|grosera|groseros,
        atendieron|trataron|atendio|trato ... mal, estafa*, ladron*, robaron, nadie|ninguno ...
        responde|contesta|atiende|traido|ayuda|llega, no ... han ... contestado|traido|respondido|entregado,
        no ... contestan|responden, llevo|llevamos ... esperando, pedi hace, cobraron ... doble|mas|mal,
        cobraron # veces, llego|llegaron|vino|estaba|estaban|salio|trajeron ...
        crudo|cruda|frio|fria|sucio|sucia|danado|danada|roto|rota|vencido|vencida|podrido|podrida|malo|mala,
        vencido|vencida, incompleto|incompleta, tiene|tienen ... danado|danada|roto|rota, que no pedi, no
        era lo que, no fue lo que, se me cayo|rompio|dano|salio|quebro, plata|dinero de vuelta,
        devuelvan|devuelvame ... plata|dinero, quedo ... mal|molestando|doliendo, no ...
        funciona|funcionaba|sirve, worst, unacceptable, awful, disgusting, complain*, rude, refund ... now,
        want ... money back, charged ... twice|double, arrived|came|was ...
        cold|broken|late|dirty|damaged|raw, nobody|no one answers|replies|came|helped, wrong
        item|order|size, missing, leak*, no hot water, not working, doesnt work, scam, still waiting,
        pessimo|pessima, horrivel, reclamacao, chegou|veio ...
        errado|errada|frio|fria|quebrado|quebrada|atrasado|estragado|faltando, ninguem responde|atende, meu
        dinheiro de volta, nao ... funciona
    """,
    Intent.CANCELLATION: """
        cancel*, anular|anulen, devolucion*, devolver|devuelven, reembols*,
        cambi*|mover|aplazar|correr|posponer ... cita|reserva|hora|fecha|producto|pedido|turno|talla,
        reprogram*, refund*, return policy, return|exchange ... this|it|item|product, reschedul*,
        remarcar|desmarcar, trocar ... produto|horario
    """,
    Intent.ORDER_STATUS: """
        donde|adonde ... pedido|orden|domiciliario|paquete|domicilio|repartidor|mensajero, onde ...
        pedido|encomenda, mi|mis pedido|orden|paquete, mi|mis ... reserva|cita ... lista|confirmada|quedo,
        mi domicilio|envio, estado ... pedido|orden|envio, pedido|orden #, ya salio|viene|despacharon, lo
        que pedi, cuanto ... falta|llega ... pedido|orden|pedi, rastre*, track*, where ...
        order|package|food|delivery, my order|package|delivery, has|have ... shipped|arrived|left, order
        status, meu|minha pedido|encomenda|entrega, cade
    """,
    Intent.ADVICE: """
        recomiend*|recomend*, sugier*|suger*, aconsej*, suggest*, advice, advise, diferenci*, difference*,
        differ, compar*, asesoramiento, asesoria, asesorar*, cual|que|which|what|es|qual ...
        mejor|better|best|melhor, conviene*, no se cual|que, cual ... llevo|escojo|escoger|elegir,
        escoger|elegir|choose, explica*, explique*, explain*, busco|busca|buscando ...
        especifica*|especifico*|exact*|marca, should i|we, va|van bien con, vale la pena, worth it,
        ideas|opciones para
    """,
    Intent.STOCK: """
        disponib*, disponiv*, available, availability, stock, existencia*, agotad*, sold out,
        les|te|le|aun|todavia queda|quedan, ^ queda|quedan, any ... left, hay|tienen|quedan ... cupo|cupos,
        mesas|mesa libre|libres, ya les|te llego, tienen|have|hay|tem ...
        eso|ese|esa|esos|esas|that|those|isso|esse, lo|la|los|las tienen, have it|them|one, tienen de
        esos|esas, tienen el|la|los|las que
    """,
    Intent.PAYMENT: """
        pagar, pago, pagos, paga, pagan, pague, pagamos, efectivo, tarjeta*, transferencia*, transferi,
        nequi, daviplata, bancolombia, pix, visa, mastercard, credito, debito, cuotas, anticipo, abono,
        deposito, consign*, comprobante, factura*, les|te|le debo, cuanto debo, que cuenta, mi cuenta, pay,
        paid, payment*, cash, card, cards, invoice, cartao, dinheiro, boleto, parcel*
    """,
    Intent.BOOKING: """
        reserv*, agend*, una|la|otra|sacar|saco|pedir|tomar cita, citas, apartame|apartas|apartar,
        separame|separar, turno, mesa para, quiero|quisiera|necesito|queremos arrendar|alquilar|rentar,
        book, booked, booking*, appointment*, table for, rent a, marcar ... consulta|horario|hora
    """,
    Intent.ORDER: """
        quiero|quisiera|necesito|dame|deme|denme|mandame|mandas|mandan|manda|traeme|trae|ponme|pon|regalas|
        regala|regalame|vendeme|llevo|quero|queria|manda
        #|un|una|unos|unas|otro|otra, queremos|want|need|take #, can i|we get|have, ill have|take, i
        want|need|take a|an|the|some|another, agrega*|anade*|anad*|sumale, quitale|quita|ponle, carrito,
        cart, carrinho, pedir, ordenar, encargar, hacer un pedido, para llevar, hagame|haceme un domicilio,
        add ... more|another|to, take away, to go, place an order
    """,
    Intent.DELIVERY: """
        domicilio*, envio|envios|envian|enviar*, entreg*, despach*, a domicilio, llevan a|hasta,
        traer*|traen, cobertura, deliver*, shipping, ship, mandan a
    """,
    Intent.HOURS: """
        horario*, que|hasta hora|horas, abre|abren|abrir|abrem, abiert*,
        cierra|cierran|cierre|cerrad*|cerraron, atienden|trabajan ...
        hoy|manana|lunes|martes|miercoles|jueves|viernes|sabado|sabados|domingo|domingos|festivo|festivos|
        feriado|feriados,
        hoy|manana|lunes|sabado|domingo|sabados|domingos|festivos ... atienden|trabajan, open|opens|opening,
        close|closes|closing|closed, hours, what time, aberto|abertos|aberta, fecham|fechado
    """,
    Intent.LOCATION: """
        direccion, ubica*, localiza*, donde estan|quedan|queda|esta|es|se, por donde, como llego|llegar,
        sede|sedes, sucursal*, barrio, location, address|adress|adresss, located, where are|is, get there,
        directions, endereco, onde fica|ficam, mapa
    """,
    Intent.PRICE: """
        precio|precios, cuanto, cobr*, valor, vale, cuesta|cuestan, tarifa*, a como, descuento*, rebaja*,
        cotiz*, presupuesto, how much, price*, cost|costs, rate|rates, discount*, quanto, preco|precos,
        custa|custam
    """,
    Intent.CATALOGUE: """
        menu, carta, catalogo, producto|productos, venden|vende|vendes, vendem, sell,
        tienen|tiene|tienes|tenes|teneis, hay, requisitos, documentos, informacion|info de|del|sobre,
        manejan|maneja, ofrecen|ofrece, servicios, marcas, alquilan|alquila|rentan|arriendan, hacen,
        aceptan, permiten|permite, admiten, inclu*, trae, traen, trabajan con, caben, atienden, promocion*,
        oferta*, fotos, busco|buscamos|buscando, queremos un|una, do|does ...
        have|sell|offer|make|allow|accept, is|are there, allowed, looking for, tem, voces tem, cardapio,
        produtos, aceitam
    """,
}

# A message that is nothing but one of these (and courtesies) is a command, not a question.
KEYWORDS: dict[str, str] = {
    Intent.AGREEMENT: """
        si, sii, sip, sipi, claro, claro que si, por supuesto, correcto, asi es, exacto, de una, confirmo,
        confirmado, acepto, me parece, hagale, eso, obvio, si claro, yes, yep, yeah, yup, sure, of course,
        correct, right, exactly, sim, isso, isso mesmo, com certeza, pode ser, ta bom, beleza
    """,
    Intent.REFUSAL: """
        no, nop, nope, noo, nada, nada mas, eso es todo, ninguno, ninguna, no quiero, mejor no, por ahora
        no, todavia no, aun no, ahora no, no thanks, no thank you, not yet, not now, nothing else, none,
        nah, no gracias, nao, agora nao, ainda nao, nao obrigado, nao obrigada
    """,
    Intent.CHOICE: "opcion, option, opcao, numero",
    Intent.PERSON: "agente, operador, asesor, persona, humano, agent, human, person, operator, atendente",
    Intent.CANCELLATION: "cancelar, cancel, cambiar cita",
    Intent.ORDER_STATUS: "mi pedido, mi orden, estado de pedido, my order, meu pedido",
    Intent.STOCK: "disponibilidad, availability, disponibilidade",
    Intent.PAYMENT: """
        pagar, pago, pagos, formas de pago, medios de pago, metodos de pago, pay, payment, payment methods,
        formas de pagamento
    """,
    Intent.BOOKING: """
        reservar, reserva, reservas, reservacion, cita, citas, agendar, book, booking, appointment
    """,
    Intent.ORDER: "pedir, pedido, ordenar, order, pedidos, hacer pedido",
    Intent.DELIVERY: "domicilio, domicilios, envio, envios, delivery, shipping, entrega, entregas",
    Intent.HOURS: """
        horario, horarios, horario de atencion, horarios de atencion, hours, opening hours, horario de
        funcionamento
    """,
    Intent.LOCATION: "ubicacion, direccion, location, address, endereco, localizacao, mapa",
    Intent.PRICE: """
        precio, precios, tarifa, tarifas, lista de precios, price, prices, rates, price list, precos, preco
    """,
    Intent.CATALOGUE: """
        menu, carta, catalogo, productos, promociones, ofertas, servicios, fotos, menu del dia, menu de dia,
        catalogue, catalog, products, services, photos, cardapio, produtos, servicos
    """,
    Intent.OTHER: """
        info, informacion, information, informacoes, ayuda, help, ajuda, ja, jaja, je, jeje, haha, lol, kkk
    """,
}

COURTESIES = """
    por favor porfa porfavor porfis plis please pls plz gracias senor senora senorita amigo amiga veci un
    una el la los las the o os as tu su hola buenas de del do da
"""

# "The second", "option 2": picks from a list that was offered before.
CHOICES = """
    opcion numero option number opcao la el the one primera primero primer segunda segundo tercera tercero
    cuarta cuarto ultima ultimo first second third last primeira primeiro terceira terceiro b c
"""
