"""The shop in the admin: no stale page overwrites stock, orders go step by step, a file is a catalogue."""

from decimal import Decimal

import pytest
from django.contrib.admin.models import LogEntry
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import Model
from django.test import Client

from conversations.admin.shop import catalogue_import
from conversations.shop.models import Category, CustomerSession, Order, Product
from conversations.shop.services.cart import cart_add
from conversations.shop.services.orders import order_place
from conversations.shop.services.sessions import session_remember
from sessions_app.models import Channel
from tests.conversations.builders import make_channel
from tests.conversations.shop.builders import make_customer, make_product, stock_in_database
from tests.conversations.test_admin import address, html, queries_of
from tests.staff import administrator, signed_in

MODELS: list[type[Model]] = [Category, CustomerSession, Order, Product]
IMPORT = "/admin/shop/product/import/"


@pytest.fixture
def staff(channel: Channel) -> Client:
    return administrator()


def purchase(channel: Channel, number: int = 1) -> Order:
    """One row of everything that staff can list: an order, and a cart that is being filled again."""
    customer = make_customer(channel, f"Customer {number}")
    product = make_product(channel, f"Pan {number}", category=f"Panes {number}", stock=10)
    cart_add(customer, sku=product.sku, quantity=2)
    order_place(customer, note="Tocar el timbre")
    cart_add(customer, sku=product.sku, quantity=3)
    return Order.objects.latest("pk")


def form_of(product: Product, **changes: object) -> dict[str, object]:
    """What the product's page sends when it was opened now."""
    seen = "" if product.stock is None else product.stock
    category = product.category.pk if product.category else ""
    form: dict[str, object] = {
        "name": product.name,
        "sku": product.sku,
        "category": category,
        "description": product.description,
        "price": product.price,
        "currency": product.currency,
        "stock": seen,
        "initial-stock": seen,
        "is_active": "on",
    }
    return form | changes


def file(text: str, name: str = "catalogue.csv") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, text.encode("latin-1"))


@pytest.mark.parametrize("model", MODELS, ids=lambda model: str(model.__name__))
def test_a_list_costs_the_same_for_one_row_and_for_many(
    staff: Client, channel: Channel, model: type[Model]
) -> None:
    purchase(channel)
    few = queries_of(staff, address(model, "changelist"))
    for number in range(2, 12):
        purchase(make_channel(f"shop-{number}", phone_number_id=str(number)), number)

    many = queries_of(staff, address(model, "changelist"))

    assert many <= few
    assert many <= 12


@pytest.mark.parametrize("model", MODELS, ids=lambda model: str(model.__name__))
def test_every_row_has_a_page(staff: Client, channel: Channel, model: type[Model]) -> None:
    purchase(channel)
    row = model._default_manager.all()[0]

    assert str(row) in html(staff, address(model, "change", row.pk)).replace("&amp;", "&")


@pytest.mark.parametrize("model", [Order, CustomerSession], ids=lambda model: str(model.__name__))
def test_orders_and_sessions_are_not_written_by_hand(
    staff: Client, channel: Channel, model: type[Model]
) -> None:
    purchase(channel)
    row = model._default_manager.all()[0]

    assert staff.post(address(model, "change", row.pk), {"state": "delivered"}).status_code == 403
    assert staff.get(address(model, "add")).status_code == 403
    assert staff.post(address(model, "delete", row.pk), {"post": "yes"}).status_code == 403


def test_a_product_is_changed_and_its_channel_is_not(staff: Client, channel: Channel) -> None:
    product = make_product(channel, "Pan", stock=10)
    other = make_channel("other", phone_number_id="2")

    staff.post(address(Product, "change", product.pk), form_of(product, name="Pan de ajo", channel=other.pk))

    product.refresh_from_db()
    assert (product.name, product.channel, product.stock) == ("Pan de ajo", channel, 10)


def test_a_page_that_is_older_than_a_sale_does_not_undo_it(staff: Client, channel: Channel) -> None:
    product = make_product(channel, "Pan", stock=10)
    opened = form_of(product, price="3.50")
    Product.objects.filter(pk=product.pk).update(stock=7)

    staff.post(address(Product, "change", product.pk), opened)

    product.refresh_from_db()
    assert (product.price, product.stock) == (Decimal("3.50"), 7)


@pytest.mark.parametrize(
    ("seen", "meanwhile", "entered", "result"),
    [
        (10, 7, 30, 27),
        (10, 10, 4, 4),
        (10, 2, 5, 0),
        (10, 12, 30, 32),
        (None, None, 5, 5),
        (10, 7, None, None),
        (10, None, 5, 5),
        (None, 3, 5, 5),
    ],
)
def test_what_staff_add_is_added_to_what_is_there(
    staff: Client,
    channel: Channel,
    seen: int | None,
    meanwhile: int | None,
    entered: int | None,
    result: int | None,
) -> None:
    product = make_product(channel, "Pan", stock=seen)
    opened = form_of(product, stock="" if entered is None else entered)
    Product.objects.filter(pk=product.pk).update(stock=meanwhile)

    response = staff.post(address(Product, "change", product.pk), opened, follow=True)

    assert stock_in_database(product) == result
    assert ("in the meantime" in response.content.decode()) == (result != entered)


def test_prices_and_stock_are_changed_in_the_list(staff: Client, channel: Channel) -> None:
    sold, untouched = make_product(channel, "A", stock=10), make_product(channel, "B", stock=5)
    page = html(staff, address(Product, "changelist"))
    assert 'name="initial-form-0-stock"' in page
    rows = {
        "form-TOTAL_FORMS": 2,
        "form-INITIAL_FORMS": 2,
        "_save": "Save",
    }
    for position, product in enumerate((sold, untouched)):
        rows |= {
            f"form-{position}-id": product.pk,
            f"form-{position}-price": "1.00",
            f"form-{position}-stock": product.stock or "",
            f"initial-form-{position}-stock": product.stock or "",
            f"form-{position}-is_active": "on",
        }
    rows |= {"form-0-stock": 20, "form-1-price": "2.00"}
    Product.objects.update(stock=4)

    staff.post(address(Product, "changelist"), rows)

    sold.refresh_from_db()
    untouched.refresh_from_db()
    assert (sold.price, sold.stock) == (Decimal(1), 14)
    assert (untouched.price, untouched.stock) == (Decimal(2), 4)


def test_a_repeated_sku_and_a_foreign_category_are_refused(staff: Client, channel: Channel) -> None:
    make_product(channel, "Pan", sku="PAN")
    product = make_product(channel, "Sal", sku="SAL")
    foreign = Category.objects.create(channel=make_channel("other", phone_number_id="2"), name="Ajena")

    for changes in ({"sku": "PAN"}, {"category": foreign.pk}, {"price": "-1"}, {"currency": "usd"}):
        response = staff.post(address(Product, "change", product.pk), form_of(product, **changes))
        assert "errornote" in response.content.decode()


def test_a_repeated_category_is_refused(staff: Client, channel: Channel) -> None:
    Category.objects.create(channel=channel, name="Panes")
    other = Category.objects.create(channel=channel, name="Dulces")

    response = staff.post(
        address(Category, "change", other.pk), {"name": "Panes", "position": 0, "is_active": "on"}
    )

    assert "errornote" in response.content.decode()


def test_products_are_filtered_by_stock_and_found_by_text(staff: Client, channel: Channel) -> None:
    for name, stock in (("Ninguno", 0), ("Pocos", 3), ("Muchos", 50), ("Libres", None)):
        make_product(channel, name, stock=stock, sku=name.upper())
    products = address(Product, "changelist")

    def shown(query: str) -> set[str]:
        page = html(staff, f"{products}?{query}")
        return {name for name in ("Ninguno", "Pocos", "Muchos", "Libres") if f">{name}</a>" in page}

    assert shown("stock=none") == {"Ninguno"}
    assert shown("stock=few") == {"Pocos"}
    assert shown("stock=any") == {"Libres"}
    assert shown("q=MUCHOS") == {"Muchos"}
    assert len(shown("")) == 4


def test_an_order_shows_its_lines_and_only_its_next_steps(staff: Client, channel: Channel) -> None:
    order = purchase(channel)

    page = html(staff, address(Order, "change", order.pk))

    assert "Tocar el timbre" in page
    assert "Pan 1" in page
    assert "2.00" in page
    assert [f'value="{state}"' in page for state in ("confirmed", "cancelled", "shipped")] == [
        True,
        True,
        False,
    ]


def test_staff_take_an_order_on_by_its_buttons(staff: Client, channel: Channel) -> None:
    order = purchase(channel)

    page = staff.post(f"/admin/shop/order/{order.pk}/step/", {"state": "confirmed"}, follow=True)

    order.refresh_from_db()
    assert order.state == "confirmed"
    assert "1 order is confirmed." in page.content.decode()
    assert LogEntry.objects.get().object_id == str(order.pk)
    page = staff.post(f"/admin/shop/order/{order.pk}/step/", {"state": "delivered"}, follow=True)
    assert "not its next step" in page.content.decode()
    assert staff.post(f"/admin/shop/order/{order.pk}/step/", {"state": "eaten"}).status_code == 404
    assert staff.post("/admin/shop/order/0/step/", {"state": "shipped"}).status_code == 404
    assert staff.get(f"/admin/shop/order/{order.pk}/step/").status_code == 405


def test_staff_take_several_orders_on_at_once(staff: Client, channel: Channel) -> None:
    orders = [purchase(channel, number) for number in (1, 2, 3)]
    product = Product.objects.get(name="Pan 1")
    chosen = [order.pk for order in orders]

    for action, state in (("confirm", "confirmed"), ("ship", "shipped"), ("deliver", "delivered")):
        page = staff.post(
            address(Order, "changelist"), {"action": action, "_selected_action": chosen[1:]}, follow=True
        )
        assert set(Order.objects.filter(pk__in=chosen[1:]).values_list("state", flat=True)) == {state}
        assert "2 orders are" in page.content.decode()
    staff.post(address(Order, "changelist"), {"action": "cancel", "_selected_action": chosen})

    orders[0].refresh_from_db()
    assert (orders[0].state, stock_in_database(product)) == ("cancelled", 10)
    assert Order.objects.filter(state="delivered").count() == 2


def test_who_may_only_look_takes_no_step(channel: Channel) -> None:
    order = purchase(channel)
    client = signed_in("shop.view_order")

    assert "shop_order_step" not in html(client, address(Order, "change", order.pk))
    assert 'value="cancel"' not in html(client, address(Order, "changelist"))
    assert client.post(f"/admin/shop/order/{order.pk}/step/", {"state": "confirmed"}).status_code == 403
    order.refresh_from_db()
    assert order.state == "placed"


def test_a_session_shows_its_cart_and_context(staff: Client, channel: Channel) -> None:
    customer = make_customer(channel)
    cart_add(customer, sku=make_product(channel, "Café <b>").sku, quantity=3)
    session_remember(customer, city="Lima")

    page = html(staff, address(CustomerSession, "change", CustomerSession.objects.get().pk))

    assert "Café &lt;b&gt;" in page
    assert "Lima" in page


def test_a_catalogue_is_imported_and_the_log_says_by_whom(staff: Client, channel: Channel) -> None:
    form = {"channel": channel.pk, "currency": "COP", "all_or_nothing": "on"}
    assert IMPORT in html(staff, address(Product, "changelist"))
    assert html(staff, IMPORT)

    page = staff.post(IMPORT, form | {"file": file("código;nombre;precio\nÑ-1;Piña;1.200\n")}, follow=True)

    product = Product.objects.get()
    assert (product.name, product.price, product.currency) == ("Piña", Decimal(1200), "COP")
    assert product.channel == channel
    assert "Products created: 1" in page.content.decode()
    entry = LogEntry.objects.get()
    assert (entry.object_repr, entry.user.username) == ("catalogue.csv", "administrator")
    assert "Products created: 1" in html(staff, "/admin/")


def test_an_import_with_bad_lines_names_them(staff: Client, channel: Channel) -> None:
    text = "sku,name,price,colour\nA,<b>Pan,gratis,red\nB,Sal,1,blue\n"

    page = staff.post(IMPORT, {"currency": "USD", "all_or_nothing": "on", "file": file(text)})

    assert "Line 2: “gratis” is not a price." in page.content.decode()
    assert "colour" in page.content.decode()
    assert not Product.objects.exists()
    page = staff.post(IMPORT, {"currency": "USD", "file": file(text)})
    assert "These lines were left out" in page.content.decode()
    assert (Product.objects.get().name, Product.objects.get().channel) == ("Sal", None)


def test_what_is_no_catalogue_is_refused_on_the_page(staff: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue_import, "LARGEST_FILE", 50)
    for upload, message in (
        (file("nothing"), "No column is called"),
        (file("sku;name;price\n" * 10), "larger than"),
        ("", "This field is required"),
    ):
        page = staff.post(IMPORT, {"currency": "USD", "file": upload})
        assert message in page.content.decode()
    page = staff.post(IMPORT, {"currency": "dollars", "file": file("sku\n")})
    assert "Three capital letters" in page.content.decode()


def test_an_import_is_for_those_who_may_add_and_change(channel: Channel) -> None:
    client = signed_in("shop.view_product", "shop.change_product")

    assert IMPORT not in html(client, address(Product, "changelist"))
    assert client.get(IMPORT).status_code == 403
    assert client.post(IMPORT, {"currency": "USD", "file": file("sku\n")}).status_code == 403
