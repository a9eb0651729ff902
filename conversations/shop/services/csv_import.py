"""The catalogue from a CSV file: products are known by their SKU, so that a second import changes nothing."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from botsite.telemetry.logging import get_logger
from conversations.shop.models import Category, Product
from conversations.shop.services import freshness
from conversations.shop.services.csv_reading import Row, Table, UnreadableTable, read_table
from conversations.shop.services.csv_values import BadCell, amount_of, count_of, flag_of
from sessions_app.models import Channel

MOST_ROWS = 20_000
BATCH = 1000
# One import at a time, for what one does not see the other would make once more.
_IMPORT_LOCK = "SELECT pg_advisory_xact_lock(hashtext('shop.catalogue_import'))"

log = get_logger("shop")


@dataclass(frozen=True, slots=True, order=True)
class LineError:
    """What is wrong in a line of the file (the first is 1)."""

    line: int
    message: str


@dataclass(slots=True)
class ImportReport:
    """How many products were made, changed, or found as they should be; and what was wrong."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    errors: list[LineError] = field(default_factory=list)
    ignored_columns: tuple[str, ...] = ()
    is_applied: bool = True


def catalogue_import(
    data: bytes, *, channel: Channel | None, currency: str = "USD", all_or_nothing: bool = True
) -> ImportReport:
    """Import a CSV file into the catalogue of a channel, or into the common one.

    Columns that the file has not are left as they are; a new product needs a name and a price, and is in
    `currency` unless the file says otherwise. With `all_or_nothing` one bad line keeps all others out; else
    the good ones are taken. Raises UnreadableTable.
    """
    table = read_table(data)
    if len(table.rows) > MOST_ROWS:
        raise UnreadableTable(_("The file has more than %(most)s rows.") % {"most": MOST_ROWS})
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_IMPORT_LOCK)
        report = _imported(table, channel, currency, all_or_nothing)
    log.info(
        "SHOP_CATALOGUE_IMPORTED",
        channel=channel.slug if channel else "",
        created=report.created,
        updated=report.updated,
        errors=len(report.errors),
    )
    return report


def _imported(table: Table, channel: Channel | None, currency: str, all_or_nothing: bool) -> ImportReport:
    report = ImportReport(ignored_columns=table.ignored)
    report.errors = [LineError(line, _("More cells than there are columns.")) for line in table.crooked_lines]
    rows = _unrepeated(table.rows, report)
    plan = _Plan(channel, currency, _known_products(channel, rows))
    for row in rows:
        try:
            plan.take(row)
        except (BadCell, ValidationError) as error:
            report.errors += [LineError(row.line, message) for message in _messages(error)]
    report.errors.sort()
    if report.errors and all_or_nothing:
        report.is_applied = False
        return report
    plan.carry_out()
    report.created, report.updated = len(plan.new), len(plan.changed)
    report.unchanged = plan.unchanged
    return report


def _unrepeated(rows: Iterable[Row], report: ImportReport) -> list[Row]:
    """Return the rows with a SKU that no earlier one has."""
    first: dict[str, Row] = {}
    for row in rows:
        sku = row.cells["sku"]
        if not sku:
            report.errors.append(LineError(row.line, _("The SKU is missing.")))
        elif sku in first:
            message = _("The SKU %(sku)s is already in line %(line)s.") % {
                "sku": sku,
                "line": first[sku].line,
            }
            report.errors.append(LineError(row.line, message))
        else:
            first[sku] = row
    return list(first.values())


def _known_products(channel: Channel | None, rows: list[Row]) -> dict[str, Product]:
    """Return the products there are, locked, in the one order for all who lock products."""
    skus = [row.cells["sku"] for row in rows]
    products = Product.objects.filter(channel=channel, sku__in=skus).select_related("category").order_by("pk")
    return {product.sku: product for product in products.select_for_update(no_key=True, of=("self",))}


class _Shelves:
    """The categories that the import may put products into; new ones are made when they are needed."""

    def __init__(self, channel: Channel | None) -> None:
        self._channel = channel
        common = Category.objects.filter(channel=None)
        own = Category.objects.filter(channel=channel)
        # Of two with the same name the channel's own counts.
        self._known = {shelf.name.casefold(): shelf for shelf in (*common, *own)}

    def of(self, name: str) -> Category | None:
        """Return the category, unsaved when it is new. ValidationError for a name that cannot be one."""
        if not name:
            return None
        shelf = self._known.get(name.casefold())
        if shelf is None:
            shelf = Category(channel=self._channel, name=name)
            shelf.clean_fields(exclude=("channel",))
            self._known[name.casefold()] = shelf
        return shelf

    def save(self, products: list[Product]) -> None:
        """Save the new ones that these products need."""
        for product in products:
            if product.category and not product.category.pk:
                product.category.save()
            product.category = product.category  # takes the new row's id


class _Plan:
    """What is to be written, gathered row by row."""

    def __init__(self, channel: Channel | None, currency: str, known: dict[str, Product]) -> None:
        self._channel, self._currency, self._known = channel, currency, known
        self._shelves = _Shelves(channel)
        self.new: list[Product] = []
        self.changed: list[Product] = []
        self.unchanged = 0

    def take(self, row: Row) -> None:
        """Plan for one row. Raises BadCell and ValidationError."""
        sku = row.cells["sku"]
        product = self._known.get(sku)
        before = _fields(product) if product else None
        product = product or Product(channel=self._channel, sku=sku, currency=self._currency)
        _fill(product, row, self._shelves)
        product.clean_fields(exclude=("channel", "category"))
        if before is None:
            self.new.append(product)
        elif before != _fields(product):
            product.updated_at = timezone.now()
            self.changed.append(product)
        else:
            self.unchanged += 1

    def carry_out(self) -> None:
        if not self.new and not self.changed:
            return
        self._shelves.save([*self.new, *self.changed])
        Product.objects.bulk_create(self.new, batch_size=BATCH)
        Product.objects.bulk_update(self.changed, [*_READERS, "category", "updated_at"], batch_size=BATCH)
        freshness.catalogue_changed(self._channel.slug if self._channel else None)
        freshness.carts_changed([product.pk for product in self.changed])


_READERS: dict[str, Callable[[str], Any]] = {
    "name": str,
    "description": str,
    "price": amount_of,
    "currency": str.upper,
    "stock": count_of,
    "is_active": flag_of,
}
"""Column, which is the field's name too → what reads its cell."""


def _fill(product: Product, row: Row, shelves: _Shelves) -> None:
    for column, read in _READERS.items():
        cell = row.cells.get(column)
        # An empty currency is the product's own.
        if cell is not None and (cell or column != "currency"):
            setattr(product, column, read(cell))
    if "category" in row.cells:
        product.category = shelves.of(row.cells["category"])


def _fields(product: Product) -> tuple[Any, ...]:
    return (*(getattr(product, column) for column in _READERS), product.category)


def _messages(error: BadCell | ValidationError) -> list[str]:
    if isinstance(error, BadCell):
        return [str(error)]
    return [f"{name}: {message}" for name, messages in error.message_dict.items() for message in messages]
