"""The knowledge base of the demo business Casa Sol, a rental agency with a mini-market."""

KNOWLEDGE = {
    "es": (
        (
            "¿Cuál es el horario de atención? ¿A qué hora abren y cierran la oficina y el minimercado?"
            " ¿Atienden los domingos? ¿Abre los sábados? ¿Está abierto?",
            "La oficina y el minimercado abren de lunes a sábado de 8:00 a 20:00 y los domingos de 9:00"
            " a 14:00.",
        ),
        (
            "¿Dónde están ubicados? ¿Dónde quedan? Dirección y ubicación de la oficina",
            "Estamos en la Calle 45 # 12-30, frente al parque principal.",
        ),
        (
            "¿Cuánto cuesta alquilar una casa o un apartamento? Precio, costo o valor del alquiler, la"
            " renta o el arriendo por noche",
            "Los apartamentos van desde 45 USD la noche y las casas desde 90 USD. Dinos fechas y "
            "cuántas personas son y te confirmamos el precio exacto.",
        ),
        (
            "¿Cómo puedo reservar una casa o un apartamento? ¿Qué necesito para hacer una reserva o"
            " reservación?",
            "Envíanos las fechas, el número de personas y una copia de tu documento. La reserva queda "
            "en firme con el 30 % de anticipo.",
        ),
        (
            "¿Puedo cancelar o anular mi reserva? ¿Devuelven el dinero? Cancelación y reembolso",
            "Sí. Hasta 7 días antes de la llegada devolvemos todo el anticipo; después, la mitad.",
        ),
        (
            "¿A qué hora es la entrada y la salida? Check-in y check-out, checkin y checkout",
            "La entrada (check-in) es desde las 15:00 y la salida (check-out) hasta las 11:00.",
        ),
        (
            "¿Qué formas, medios o métodos de pago aceptan? ¿Puedo pagar con tarjeta, en efectivo o por"
            " transferencia?",
            "Aceptamos efectivo, tarjetas de débito y crédito, y transferencia bancaria.",
        ),
        (
            "¿Aceptan mascotas? ¿Puedo llevar a mi perro, perrito o gato?",
            "Sí, las mascotas son bienvenidas en las casas con patio. Se paga una limpieza de 15 USD "
            "por estadía.",
        ),
        (
            "¿Tienen wifi (wi-fi) o internet en la casa o el apartamento?",
            "Sí, todos los alojamientos tienen wifi sin costo. La clave está en la nota de bienvenida.",
        ),
        (
            "¿Hay parqueadero, garaje o estacionamiento para el carro?",
            "Sí, cada alojamiento tiene un lugar de estacionamiento sin costo.",
        ),
        (
            "¿Hacen envíos o entregas a domicilio? ¿Cuánto cuesta el domicilio?",
            "Sí, el minimercado lleva pedidos a domicilio en el barrio de 9:00 a 19:00. Cuesta 2 USD y "
            "es gratis desde 25 USD de compra.",
        ),
        (
            "¿Qué productos venden en el minimercado? ¿Venden frutas, pan, leche, huevos, carne o bebidas?",
            "Frutas y verduras, pan, leche, huevos, carnes, bebidas, granos y artículos de aseo.",
        ),
        (
            "¿Puedo devolver o cambiar un producto? Cambios y devoluciones",
            "Sí, dentro de los 3 días siguientes, con la factura y sin abrir. Los productos frescos, el"
            " mismo día.",
        ),
        (
            "¿Dan factura electrónica con el NIT de mi empresa?",
            "Sí. Envíanos nombre o razón social, número de identificación y correo, y te la mandamos el"
            " mismo día.",
        ),
        (
            "¿Alquilan o rentan una bici, bicicletas, carros o motos?",
            "Alquilamos bicicletas por 8 USD al día. Carros y motos no.",
        ),
    ),
    "en": (
        (
            "What are your opening hours? When do the office and the mini-market open and close?"
            " Are you open on Sundays?",
            "The office and the mini-market open Monday to Saturday from 8:00 to 20:00 and on Sundays "
            "from 9:00 to 14:00.",
        ),
        (
            "Where are you located? What is the address or location of the office?",
            "We are at Calle 45 # 12-30, opposite the main park.",
        ),
        (
            "How much does it cost to rent a house or an apartment? Rental price, rate or cost per night",
            "Apartments start at 45 USD a night and houses at 90 USD. Tell us your dates and how many "
            "you are, and we will confirm the exact price.",
        ),
        (
            "How can I book a house or an apartment? What do I need to make a reservation or booking?",
            "Send us the dates, the number of guests and a copy of your ID. The booking is firm with a "
            "deposit of 30 %.",
        ),
        (
            "Can I cancel my reservation or booking? Do I get a refund? Cancellation",
            "Yes. Up to 7 days before arrival we return the whole deposit; after that, half of it.",
        ),
        (
            "What time is check-in and check-out? Checkin and checkout",
            "Check-in is from 15:00 and check-out until 11:00.",
        ),
        (
            "Which payment methods do you accept? Can I pay by card, in cash or by transfer?",
            "We accept cash, debit and credit cards, and bank transfer.",
        ),
        (
            "Do you allow pets? Can I bring my dog or cat?",
            "Yes, pets are welcome in the houses with a yard. There is a cleaning fee of 15 USD a stay.",
        ),
        (
            "Do you have wifi (wi-fi) or internet in the house or apartment?",
            "Yes, every place has free wifi. The password is in the welcome note.",
        ),
        (
            "Is there parking for my car?",
            "Yes, every place has one free parking space.",
        ),
        (
            "Do you deliver groceries to my home? How much is the delivery?",
            "Yes, the mini-market delivers in the neighbourhood from 9:00 to 19:00. It costs 2 USD and "
            "is free from 25 USD of shopping.",
        ),
        (
            "Which products do you sell in the mini-market? Do you sell fruit, bread, milk, eggs, meat or"
            " drinks?",
            "Fruit and vegetables, bread, milk, eggs, meat, drinks, grains and cleaning products.",
        ),
        (
            "Can I return or exchange a product?",
            "Yes, within 3 days, unopened and with the receipt. Fresh products on the same day.",
        ),
        (
            "Do you issue an electronic invoice for my company?",
            "Yes. Send us the name, tax number and e-mail address, and we send it on the same day.",
        ),
        (
            "Do you rent bicycles, bikes, cars or motorbikes?",
            "We rent bicycles for 8 USD a day. Cars and motorbikes we do not.",
        ),
    ),
}
"""Language → (question, answer) in the order in which staff would read them."""
