"""Reading a table that somebody exported from a spreadsheet, whatever it was set to."""

import csv
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import StringIO

from django.utils.translation import gettext as _

DELIMITERS = ";,\t|"

COLUMNS: Mapping[str, frozenset[str]] = {
    "sku": frozenset(("sku", "codigo", "code", "referencia", "ref", "id", "codigo de producto")),
    "name": frozenset(("name", "nombre", "producto", "product", "articulo", "item", "title", "titulo")),
    "description": frozenset(("description", "descripcion", "detalle", "details")),
    "price": frozenset(("price", "precio", "valor", "pvp", "precio de venta", "unit price")),
    "currency": frozenset(("currency", "moneda", "divisa")),
    "stock": frozenset(
        ("stock", "existencias", "inventario", "inventory", "cantidad", "quantity", "unidades")
    ),
    "category": frozenset(("category", "categoria", "seccion", "section", "rubro", "linea")),
    "is_active": frozenset(("active", "activo", "activa", "is active", "disponible", "available", "visible")),
}
"""Our column → the header names that mean it, plain."""

REQUIRED = ("sku",)


class UnreadableTable(ValueError):
    """The file as a whole cannot be read; the message says why."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the table: the line of the file that it begins in, and its cells by column, stripped."""

    line: int
    cells: dict[str, str]


@dataclass(frozen=True, slots=True)
class Table:
    """Our columns that the table has, header names that mean nothing to us, and what fills the rows."""

    columns: tuple[str, ...]
    ignored: tuple[str, ...]
    rows: tuple[Row, ...]
    crooked_lines: tuple[int, ...]
    """Lines with more cells than there are headers: a delimiter within a text, most likely."""


def read_table(data: bytes) -> Table:
    """Read CSV in UTF-8, UTF-16 with its mark, or Windows Latin. Raises UnreadableTable."""
    lines = list(StringIO(_decoded(data), newline=""))
    header_line = next((number for number, line in enumerate(lines) if _says_something(line)), None)
    if header_line is None:
        raise UnreadableTable(_("The file is empty."))
    delimiter = max(DELIMITERS, key=lambda candidate: len(_known(_header(lines[header_line], candidate))))
    header = _header(lines[header_line], delimiter)
    columns = _known(header)
    _require_columns(columns)
    rows, crooked = [], []
    for line, cells in _records(lines[header_line + 1 :], delimiter, first_line=header_line + 2):
        if any(cells[len(header) :]):
            crooked.append(line)
        elif any(cells):
            padded = cells + [""] * len(header)
            rows.append(Row(line, {name: padded[at] for name, at in columns.items()}))
    ignored = tuple(name for at, name in enumerate(header) if name and at not in columns.values())
    return Table(tuple(columns), ignored, tuple(rows), tuple(crooked))


def _decoded(data: bytes) -> str:
    has_mark = data[:2] in (b"\xff\xfe", b"\xfe\xff")
    for encoding in ("utf-16",) if has_mark else ("utf-8-sig", "cp1252", "latin-1"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" in text:
            break
        return text
    raise UnreadableTable(_("This is not a CSV file. Save the sheet as CSV and try again."))


def _says_something(line: str) -> bool:
    # Excel begins some files with "sep=;".
    return bool(line.strip()) and not line.lower().startswith("sep=")


def _header(line: str, delimiter: str) -> list[str]:
    return [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter))]


def _known(header: list[str]) -> dict[str, int]:
    """Return our columns with their places; of two that mean the same the first counts."""
    found: dict[str, int] = {}
    for place, name in enumerate(header):
        column = next((column for column, names in COLUMNS.items() if _plain(name) in names), None)
        if column:
            found.setdefault(column, place)
    return found


def _plain(name: str) -> str:
    decomposed = unicodedata.normalize("NFKD", name.casefold().replace("_", " "))
    return " ".join("".join(char for char in decomposed if not unicodedata.combining(char)).split())


def _require_columns(columns: dict[str, int]) -> None:
    missing = [name for name in REQUIRED if name not in columns]
    if missing:
        raise UnreadableTable(
            _("No column is called %(names)s. The first line must name the columns.")
            % {"names": ", ".join(missing)}
        )


def _records(lines: list[str], delimiter: str, *, first_line: int) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(lines, delimiter=delimiter)
    line = first_line
    try:
        for cells in reader:
            yield line, [cell.strip() for cell in cells]
            line = first_line + reader.line_num
    except csv.Error as error:
        raise UnreadableTable(
            _("Line %(line)s cannot be read: %(error)s") % {"line": line, "error": error}
        ) from None
