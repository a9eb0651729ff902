"""Questions that look like anybody's and are not: each needs to know who asks, when, or what was said before.

Written to find holes in the judgement; what was found was closed. Spanish, English and Portuguese.
"""

HOSTILE = """
¿ya salió?
¿cuánto es en total?
¿me lo dejan en portería?
¿y si pago en efectivo?
¿tienen el de la foto?
quiero el combo familiar
¿qué me recomiendan?
¿está listo?
¿cuánto debo?
¿a nombre de quién quedó?
¿puedo cambiarlo por otro?
¿a qué hora llega el mensajero?
¿cuánto se demora lo que pedí?
¿la misma dirección de siempre?
¿venden lo que me dijo la muchacha?
¿tienen mi talla?
¿me reservan la cabaña?
¿hay cupo para mañana?
¿está abierto en este momento?
¿cuánto falta para que cierren?
¿cuánto cuesta el segundo?
¿tienen más?
¿cuál es más barata?
¿el precio es por persona o por todos nosotros?
¿cuánto vale para dos personas?
¿qué incluye?
¿sí tienen?
¿todavía hay?
¿a qué hora cierran hoy?
soy alérgica al maní, ¿qué puedo comer?
¿mi hijo puede entrar?
¿le pueden decir a Camila que llegue temprano?
¿venden a crédito a Don Ramiro?
¿dónde está el conductor?
¿con quién hablo?
¿cuánto me cobran por eso?
¿aceptan el cupón que me mandaron?
¿a qué cuenta hago la consignación del saldo?
el azul, por favor
¿cuánto pesa ese?
¿en cuánto me lo dejan?
¿pueden llamarme?
¿por qué no me contestan?
¿cuándo me entregan?
¿el de vainilla cuánto vale?
precio
¿cuánto?
confirmo
¿venden ahí mismo?
¿tienen lo de ayer?
¿ya abrieron?
¿siguen con la promoción?
¿queda alguno?
¿qué hay de almuerzo?
¿cuál es el menú del día?
¿a cómo amaneció el dólar?
¿está la doctora?
¿tienen el libro de García Márquez?
¿domicilio a la calle quinta con carrera séptima?
¿cuánto el domicilio a mi barrio?
¿pueden enviarlo?
¿puedo recogerlo en la tienda?
¿cuánto cuesta arreglarla?
¿cuánto cuesta enviarlas?
¿puedo probármelo?
¿se puede cambiarlo?
¿cómo se usa?
¿se demora mucho?
¿es gratis?
¿cuesta lo mismo?
¿incluye iva?
¿viene con garantía?
¿hay descuento si llevo varios?
¿aceptan devolución si no le queda a la niña?
¿venden más pequeño?
¿me sirve?
¿cuánto pagaría?
¿cuánto sería con todo?
¿cuánto sale todo?
¿cuánto suma?
¿cuánto es el total?
¿cuánto cuestan las dos noches?
¿tienen disponibilidad?
¿hay disponibilidad para el puente?
¿está disponible?
¿hay disponible?
¿cuándo reabren?
¿a qué hora sale?
¿a qué hora empieza?
¿venden entradas para el partido?
¿a qué hora es la función?
¿qué películas hay?
¿qué sopa hay?
¿qué hay para comer?
¿qué sabores hay?
¿qué hay de nuevo?
¿qué ofertas hay esta semana?
¿cuánto cuesta la oferta?
¿tienen el pedido listo?
¿cuánto vale el del anuncio?
¿venden el que sale en instagram?
¿precio de la publicación?
¿precio del anuncio?
¿precio de la foto?
hola, vi el anuncio, ¿cuánto vale?
¿cuánto cuesta el apartamento del anuncio?
¿el apartamento está libre en semana santa?
¿la finca está libre el fin de semana?
¿tienen libre el sábado?
¿hay citas el lunes?
¿tienen citas los sábados?
¿puedo ir el lunes?
¿puedo ir sin cita?
¿aceptan el pago de la abuela?
¿venden el jarabe para la tos de la bebé?
¿hacen domicilio al conjunto los almendros?
¿hacen domicilio al edificio mirador?
¿hacen domicilio a la manzana doce?
¿hacen domicilio a la torre b?
has it shipped yet?
how much do i owe you
is my table ready
can you hold it for me
do you have it in black
what about the other one
is that the final price
what time will the driver get here
can i change it to pickup
same as last time please
do you still have any left
is the doctor in
are you busy right now
do you have a table for two
how much is the second one
can you deliver to my place
which one is cheaper
how long will mine take
did you get my payment
is it gluten free
what's today's special
what's the soup of the day
do you have the one from the ad
do they come in pairs
can Sarah pick it up
how much for both
how much
who am i talking to
is there anyone there
can i get a refund for it
can you ship it
how much altogether
how much in total
how much with delivery
do you have smaller
do you have any tables
do you have availability
is the apartment available in july
is the house free on friday
what's on the menu tonight
what movies are playing
how much for the one in the picture
how much is the ad
is the offer valid
do you have the blue in stock
how much does everything cost
do you deliver to oak street
do you deliver to the lakeview building
do you have an opening on monday
já saiu?
quanto é tudo?
pode deixar na portaria?
tem no tamanho da minha filha?
ele já chegou?
qual é o mais barato?
quanto fica para nós dois?
tem mesa para hoje?
vocês ainda têm?
é o mesmo preço de ontem?
quanto custa esse?
posso trocar por outro?
cadê o meu pedido?
qual é o prato do dia?
tem vaga para amanhã?
pode mandar para a Fernanda?
o azul, por favor
está pronto?
quanto eu devo?
e com cartão?
quanto?
estão abertos agora?
tem algum disponível?
vocês receberam meu pix?
a que horas ele chega?
quanto custa o segundo?
vocês fazem mais barato para mim?
tem aquele bolo?
quanto fica a entrega na rua das flores?
me liga por favor
quanto fica tudo?
quanto dá?
quanto dá no total?
posso retirá-lo na loja?
tem disponibilidade?
o apartamento está livre em julho?
a casa está livre no feriado?
quanto custa o do anúncio?
quanto é o da foto?
que sabores tem?
o que tem pra comer?
qual a sopa?
vocês entregam no edifício mirante?
vocês entregam na avenida brasil?
quanto fica o frete pra cá?
quanto custa consertar?
é grátis?
já abriu?
tem horário na segunda?
tem vaga?
""".strip().splitlines()
