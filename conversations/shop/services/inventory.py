"""Stock as staff keep it."""

from django.db import transaction

from conversations.shop.models import Product


@transaction.atomic
def stock_correct(product_id: int, *, seen: int | None, entered: int | None) -> int | None:
    """Set the stock from `seen`, what staff had before their eyes, to `entered`; returns what it is now.

    What was sold or given back in between stays sold or given back. None: not counted.
    """
    product = Product.objects.select_for_update(no_key=True).get(pk=product_id)
    if seen is None or entered is None or product.stock is None:
        product.stock = entered
    else:
        product.stock = max(0, product.stock + entered - seen)
    product.save(update_fields=["stock", "updated_at"])
    return product.stock
