"""What the demo business Casa Sol sells: the mini-market's groceries and the agency's rentals."""

from dataclasses import dataclass
from decimal import Decimal

from conversations.shop.models import Category, Product
from sessions_app.models import Channel


@dataclass(frozen=True, slots=True)
class DemoProduct:
    sku: str
    name: str
    price: str
    stock: int | None = None
    description: str = ""


CATALOGUE = {
    "Lácteos y huevos": (
        DemoProduct("LEC-001", "Leche entera 1 L", "1.20", 48),
        DemoProduct("LEC-002", "Leche deslactosada 1 L", "1.45", 30),
        DemoProduct("QUE-001", "Queso campesino 500 g", "3.80", 12),
        DemoProduct("YOG-001", "Yogur de fresa 1 L", "2.60", 20),
        DemoProduct("HUE-030", "Huevos AA x 30", "4.90", 15, "Cubeta de treinta huevos frescos."),
    ),
    "Panadería": (
        DemoProduct("PAN-001", "Pan tajado 500 g", "1.90", 25),
        DemoProduct("ARE-005", "Arepas de maíz x 5", "1.30", 40),
        DemoProduct("GAL-001", "Galletas de soda", "0.95", 0),
    ),
    "Granos y despensa": (
        DemoProduct("ARR-001", "Arroz blanco 1 kg", "1.10", 80),
        DemoProduct("FRI-001", "Frijol rojo 500 g", "1.60", 35),
        DemoProduct("AZU-001", "Azúcar morena 1 kg", "1.15", 50),
        DemoProduct("CAF-001", "Café molido 500 g", "4.50", 18),
        DemoProduct("ACE-001", "Aceite vegetal 1 L", "2.95", 3),
    ),
    "Frutas y verduras": (
        DemoProduct("TOM-001", "Tomate chonto 1 kg", "1.40", 22),
        DemoProduct("PLA-001", "Plátano verde 1 kg", "0.90", 30),
        DemoProduct("CEB-001", "Cebolla roja 1 kg", "1.25", 26),
        DemoProduct("AGU-001", "Aguacate", "0.80", 60),
    ),
    "Aseo": (
        DemoProduct("JAB-001", "Jabón de baño x 3", "2.10", 24),
        DemoProduct("DET-001", "Detergente en polvo 1 kg", "3.40", 16),
    ),
    "Alojamientos": (
        DemoProduct(
            "APT-2P",
            "Apartamento para 2, por noche",
            "45.00",
            description="Cama doble, cocina, wifi y parqueadero. Entrada 15:00, salida 11:00.",
        ),
        DemoProduct(
            "CAS-6P",
            "Casa con patio para 6, por noche",
            "90.00",
            description="Tres habitaciones; se aceptan mascotas. Entrada 15:00, salida 11:00.",
        ),
        DemoProduct("BIC-DIA", "Bicicleta, por día", "8.00", 6, "Con casco y candado."),
    ),
}
"""Category → its products, in the order of the shelves. All prices are in USD."""


def seed_catalogue(channel: Channel) -> int:
    """Add what the channel's catalogue lacks of the demonstration; returns how many products are new."""
    new = 0
    for position, (name, products) in enumerate(CATALOGUE.items()):
        category, _ = Category.objects.get_or_create(
            channel=channel, name=name, defaults={"position": position}
        )
        for product in products:
            new += _seed_product(channel, category, product)
    return new


def _seed_product(channel: Channel, category: Category, product: DemoProduct) -> bool:
    _, created = Product.objects.get_or_create(
        channel=channel,
        sku=product.sku,
        defaults={
            "category": category,
            "name": product.name,
            "description": product.description,
            "price": Decimal(product.price),
            "stock": product.stock,
        },
    )
    return created
