"""The shop: what is sold, the customers' carts and their orders."""

from django.apps import AppConfig
from django.db.models.signals import post_save, pre_delete
from django.utils.translation import gettext_lazy as _


class ShopConfig(AppConfig):
    name = "conversations.shop"
    label = "shop"
    verbose_name = _("Shop")

    def ready(self) -> None:
        from conversations.shop.models import Category, Product
        from conversations.shop.services import freshness

        for signal in (post_save, pre_delete):
            signal.connect(freshness.product_saved, sender=Product)
            signal.connect(freshness.category_saved, sender=Category)
