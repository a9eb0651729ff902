"""First names, as people write them in lower case too, and words that a capital letter makes no name."""

# None that is a common word in a shop: a capital letter within a sentence gives those away.
FIRST_NAMES = """
    adriana alberto alejandra alejandro alex alfonso alicia alvaro amanda ana anderson andrea andreia andres
    andrew angela angelica anna antonia antonio ariel arturo astrid aurora beatriz bernardo blanca brenda
    brian bruno camila camilo carla carlos carmen carolina catalina cecilia cesar charles christian clara
    claudia cristian cristina cristobal daniel daniela david dayana deisy diana diego edgar edison eduardo
    elena eliana elizabeth emily emma enrique erica erika ernesto esteban esther estefania eugenia eva
    fabian fabio federico felipe fernanda fernando flavia francisca francisco gabriel gabriela george
    gerardo german gilberto gina giovanni gloria gonzalo guillermo gustavo hector helena henry hernan hugo
    ignacio ines irene isabel isabella ivan ivonne jack jacob jaime jair james javier jeison jennifer jenny
    jesus jessica jhon jhonatan joana joao joaquin johanna john johnny jonathan jorge jose joseph juan juana
    juanita judith julia julian juliana julieta julio karen karina karla katherine kelly kevin laura leandro
    leidy leonardo leticia lilian liliana lina linda lisa lorena lorenzo lucas lucia luciana luis luisa luiz
    luz manuel manuela marcela marcelo marco marcos margarita maria mariana marina mario marisol mark marta
    martha martin mary mateo mateus matheus mauricio mayra melissa mercedes michael michelle miguel milena
    mike miriam monica nancy natalia nelson nestor nicolas nicole nidia nora norma olga omar orlando oscar
    pablo pamela paola patricia patrick paul paula paulo pedro peter pilar rafael ramiro ramon raquel raul
    rebeca regina ricardo richard robert roberto rocio rodolfo rodrigo rogerio rosa rosario ruben ruth
    samuel sandra santiago sara sarah sebastian sergio silvia simon sofia sonia stefany steven susan susana
    tatiana teresa thiago thomas tomas valentina valeria vanessa veronica vicente victor victoria viviana
    walter wendy william wilson ximena yamile yesenia yolanda yuliana yuri
"""

COMMON_CAPITALS = """
    gracias porfa porfavor por favor please thanks thank you obrigado obrigada i hola buenas buenos buen hi
    hello ola oi ud uds usted ustedes iva tv wifi wi fi pos usb dvd nequi daviplata pix visa mastercard
    paypal lunes martes miercoles jueves viernes sabado sabados domingo domingos navidad monday mondays
    tuesday tuesdays wednesday thursday friday fridays saturday saturdays sunday sundays christmas easter
    colombia mexico argentina chile peru ecuador brasil
"""
