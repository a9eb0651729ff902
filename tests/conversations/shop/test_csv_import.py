"""A catalogue from a spreadsheet: whatever its settings were, all of it or nothing, and twice is once."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from conversations.shop.models import Category, Product
from conversations.shop.services import csv_import
from conversations.shop.services.cart import cart_add, cart_show
from conversations.shop.services.catalogue import categories_list, products_search
from conversations.shop.services.csv_import import ImportReport, LineError, catalogue_import
from conversations.shop.services.csv_reading import UnreadableTable, read_table
from conversations.shop.values import Customer
from sessions_app.models import Channel
from tests.conversations.builders import make_channel
from tests.conversations.shop.builders import make_product, shop_of
from tests.processes import wait_until

SPANISH = """Código;Nombre;Descripción;Precio;Moneda;Existencias;Categoría;Activo;Proveedor
LEC-1;Leche entera;"Bolsa; 1 L";4.200;cop;24;Lácteos;Sí;Finca
PAN-1;Pan tajado;;6.500,50;COP;;Panadería;no;

QUE-1;Queso;"Con ""ojos""
y dos líneas";12900;;3;Lácteos;;
"""
ENGLISH = "SKU,Name,Price,Stock\nLEC-1,Milk,4.20,24\nPAN-1,Bread,1.5,\n"


def products() -> dict[str, Product]:
    return {product.sku: product for product in Product.objects.select_related("category")}


def lines_of(report: ImportReport) -> list[int]:
    return sorted({error.line for error in report.errors})


def an_import_waits() -> bool:
    """Whether another connection to this database waits for its turn to import."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database"
            " WHERE datname = current_database() AND locktype = 'advisory' AND NOT granted)"
        )
        return bool(cursor.fetchone()[0])


def run(channel: Channel | None, text: str, **options: object) -> ImportReport:
    return catalogue_import(text.encode(), channel=channel, **options)  # type: ignore[arg-type]


def test_a_spanish_sheet_is_read_whole(channel: Channel) -> None:
    report = run(channel, SPANISH, currency="COP")

    assert (report.created, report.updated, report.errors) == (3, 0, [])
    assert report.ignored_columns == ("Proveedor",)
    milk, bread, cheese = products()["LEC-1"], products()["PAN-1"], products()["QUE-1"]
    assert (milk.name, milk.description, milk.stock) == ("Leche entera", "Bolsa; 1 L", 24)
    assert (milk.price, milk.currency, milk.channel) == (Decimal(4200), "COP", channel)
    assert (bread.price, bread.stock, bread.is_active) == (Decimal("6500.50"), None, False)
    assert (cheese.description, cheese.currency) == ('Con "ojos"\ny dos líneas', "COP")
    assert milk.category == cheese.category
    assert set(Category.objects.values_list("name", "channel")) == {
        ("Lácteos", channel.pk),
        ("Panadería", channel.pk),
    }


def test_an_english_sheet_is_read_whole(channel: Channel) -> None:
    assert run(channel, ENGLISH).created == 2

    assert products()["LEC-1"].price == Decimal("4.20")
    assert products()["PAN-1"].currency == "USD"


@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "latin-1", "utf-16"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_delimiter_and_encoding_are_found_out(delimiter: str, encoding: str, newline: str) -> None:
    text = "código;descripción;precio\nÑ-1;Piña número uno;5\n"
    data = text.replace(";", delimiter).replace("\n", newline).encode(encoding)

    table = read_table(data)

    assert table.columns == ("sku", "description", "price")
    assert table.rows[0].cells == {"sku": "Ñ-1", "description": "Piña número uno", "price": "5"}


def test_the_same_file_again_changes_nothing(channel: Channel) -> None:
    run(channel, SPANISH)
    before = {sku: product.updated_at for sku, product in products().items()}

    report = run(channel, SPANISH)

    assert (report.created, report.updated, report.unchanged) == (0, 0, 3)
    assert {sku: product.updated_at for sku, product in products().items()} == before
    assert Category.objects.count() == 2


def test_columns_that_are_not_there_are_left_alone(channel: Channel) -> None:
    run(channel, SPANISH)
    run(channel, "sku,stock\nLEC-1,5\nPAN-1,6\nQUE-1,3\n")

    milk = products()["LEC-1"]
    assert (milk.name, milk.price, milk.stock, milk.is_active) == ("Leche entera", Decimal(4200), 5, True)
    assert milk.category
    assert milk.category.name == "Lácteos"
    assert products()["PAN-1"].is_active is False


def test_a_change_is_counted_and_dated(channel: Channel) -> None:
    run(channel, ENGLISH)
    before = products()["LEC-1"].updated_at

    report = run(channel, ENGLISH.replace("4.20", "4.30"))

    assert (report.updated, report.unchanged) == (1, 1)
    assert products()["LEC-1"].price == Decimal("4.30")
    assert products()["LEC-1"].updated_at > before


BAD = """sku;name;price;stock;active;currency
A;Good;1;1;yes;USD
;No SKU;1;1;yes;USD
B;Bad price;free;1;yes;USD
C;;2;1;yes;USD
A;Repeated;3;1;yes;USD
D;"Two
lines";3;-4;perhaps;USD
E;Too much;99999999999999;1;yes;USD
F;Currency;3;1;yes;dollars
G;Too many;3;1;yes;USD;cells
H;Short
I;Also good;1;1;yes;USD
"""


def test_one_bad_line_keeps_all_out_and_all_are_named(channel: Channel) -> None:
    report = run(channel, BAD)

    assert lines_of(report) == [3, 4, 5, 6, 7, 9, 10, 11, 12]
    assert not report.is_applied
    assert (report.created, report.updated, report.unchanged) == (0, 0, 0)
    assert not Product.objects.exists()


def test_good_lines_are_taken_when_asked(channel: Channel) -> None:
    report = run(channel, BAD, all_or_nothing=False)

    assert report.created == 2
    assert len(lines_of(report)) == 9
    assert set(products()) == {"A", "I"}
    assert products()["A"].name == "Good"


def test_errors_tell_the_line_and_what_is_wrong(channel: Channel) -> None:
    with translation.override("en"):
        report = run(channel, "sku,name,price\nA,Pan,gratis\nB,Pan,1\nB,Pan,1\n,Pan,1\nC,Pan,\n")

    assert report.errors == [
        LineError(2, "“gratis” is not a price."),
        LineError(4, "The SKU B is already in line 3."),
        LineError(5, "The SKU is missing."),
        LineError(6, "The price is missing."),
    ]


def test_a_description_without_end_is_refused(channel: Channel) -> None:
    report = run(channel, f"sku,name,price,description\nA,Pan,1,{'x' * 5001}\nB,Pan,1,{'x' * 5000}\n")

    assert lines_of(report) == [2]


def test_categories_only_of_refused_lines_are_not_made(channel: Channel) -> None:
    run(channel, "sku,name,price,category\nA,Pan,x,Vacía\nB,Pan,1,Llena\n", all_or_nothing=False)

    assert Category.objects.get().name == "Llena"


def test_categories_are_taken_whatever_their_case_the_own_before_the_common(channel: Channel) -> None:
    common = Category.objects.create(name="Bebidas")
    Category.objects.create(name="Panes")
    own = Category.objects.create(name="PANES", channel=channel)

    run(channel, "sku,name,price,category\nA,Agua,1,bebidas\nB,Pan,1,panes\n")

    assert (products()["A"].category, products()["B"].category) == (common, own)
    assert Category.objects.count() == 3


def test_the_common_catalogue_and_other_channels_stay_apart(channel: Channel) -> None:
    other = make_channel("other", phone_number_id="2")
    for owner in (None, channel, other):
        assert run(owner, ENGLISH).created == 2
    run(channel, ENGLISH.replace("4.20", "9.99"))

    prices = Product.objects.filter(sku="LEC-1").values_list("channel", "price")
    assert dict(prices) == {None: Decimal("4.20"), channel.pk: Decimal("9.99"), other.pk: Decimal("4.20")}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n\n",
        b"just some text",
        b"name;price\nPan;1\n",
        b"PK\x03\x04\x00\x00zip",
        b"\xff\xfe\x00",
        b"sku,name\nA," + b"x" * 200_000,
    ],
)
def test_what_is_no_catalogue_is_refused_with_a_reason(channel: Channel, data: bytes) -> None:
    with pytest.raises(UnreadableTable) as refused:
        catalogue_import(data, channel=channel)

    assert str(refused.value).endswith(".") or "field larger" in str(refused.value)


def test_too_many_rows_are_refused(channel: Channel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_import, "MOST_ROWS", 1)

    with pytest.raises(UnreadableTable):
        run(channel, ENGLISH)


@given(st.binary(max_size=300), st.text(max_size=200))
def test_any_bytes_are_a_table_or_a_clear_refusal(data: bytes, text: str) -> None:
    for candidate in (data, b"sku;name;price\n" + data, f"sku,nombre\n{text}".encode("utf-8", "replace")):
        with suppress(UnreadableTable):
            assert "sku" in read_table(candidate).columns


def test_excels_own_first_line_is_passed_over() -> None:
    assert read_table(b"sep=;\r\nsku;name\r\nA;Pan\r\n").rows[0].line == 3


@pytest.mark.django_db(transaction=True)
def test_an_import_is_seen_at_once(channel: Channel, customer: Customer) -> None:
    bread = make_product(channel, "Pan", sku="PAN-1")
    cart_add(customer, sku=bread.sku)
    assert cart_show(customer).total == 1
    assert products_search(customer.shop, "pan")[0].price == 1
    assert categories_list(shop_of(channel)) == ()

    run(channel, "sku,price,category\nPAN-1,2.50,Panes\n")

    assert cart_show(customer).total == Decimal("2.50")
    assert products_search(customer.shop, "pan")[0].price == Decimal("2.50")
    assert categories_list(shop_of(channel))[0].name == "Panes"


@pytest.mark.django_db(transaction=True)
def test_an_import_waits_for_the_one_before_and_finds_its_work_done(channel: Channel) -> None:
    def import_later() -> ImportReport:
        try:
            return run(channel, ENGLISH)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            run(channel, ENGLISH)
            second = pool.submit(import_later)
            wait_until(an_import_waits)
        assert second.result(timeout=10).unchanged == 2

    assert Product.objects.count() == 2


def test_the_command_imports_into_a_channel(channel: Channel, tmp_path: Path) -> None:
    file = tmp_path / "catalogue.csv"
    file.write_text(SPANISH, encoding="latin-1")
    output, errors = StringIO(), StringIO()

    call_command(
        "import_catalogue", str(file), channel=channel.slug, currency="COP", stdout=output, stderr=errors
    )

    assert output.getvalue() == "3 created, 0 updated, 0 unchanged\n"
    assert errors.getvalue() == "column not used: Proveedor\n"
    assert products()["QUE-1"].channel == channel


def test_the_command_names_bad_lines_and_takes_the_others_when_told(channel: Channel, tmp_path: Path) -> None:
    file = tmp_path / "catalogue.csv"
    file.write_text("sku,name,price\nA,Pan,x\nB,Pan,1\n")
    errors = StringIO()

    with pytest.raises(CommandError, match="nothing was imported"):
        call_command("import_catalogue", str(file), stderr=errors)
    assert errors.getvalue().startswith("line 2: ")
    assert not Product.objects.exists()

    call_command("import_catalogue", str(file), skip_bad_lines=True, stderr=errors, stdout=StringIO())
    assert products()["B"].channel is None


@pytest.mark.parametrize(
    ("content", "channel", "message"),
    [(None, None, "No such file"), ("nothing", None, "sku"), ("sku\n", "nowhere", "no channel 'nowhere'")],
)
@pytest.mark.django_db
def test_the_command_says_what_is_wrong(
    tmp_path: Path, content: str | None, channel: str | None, message: str
) -> None:
    file = tmp_path / "catalogue.csv"
    if content is not None:
        file.write_text(content)

    with pytest.raises(CommandError, match=message):
        call_command("import_catalogue", str(file), channel=channel)
