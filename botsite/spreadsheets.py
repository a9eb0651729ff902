"""Tables for download, as spreadsheets take them: CSV in UTF-8, line by line."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from django.http import StreamingHttpResponse

BOM = "\ufeff"
"""Without it spreadsheets take the file for Latin-1."""
_FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")


class _Line:
    """What csv writes to: it hands each line back."""

    def write(self, text: str) -> str:
        return text


def csv_download(
    name: str, columns: Sequence[str], rows: Iterable[Sequence[object]]
) -> StreamingHttpResponse:
    """Return the download of a table, written while `rows` are read. None is empty, no text a formula."""
    response = StreamingHttpResponse(_lines(columns, rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _lines(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    writer = csv.writer(_Line())
    yield BOM + writer.writerow(columns)
    for row in rows:
        yield writer.writerow([_cell(value) for value in row])


def _cell(value: object) -> object:
    """A customer may choose the text: no spreadsheet is to take it for a formula."""
    if isinstance(value, str) and value.startswith(_FORMULA_SIGNS):
        return f"'{value}"
    if isinstance(value, Decimal):
        return f"{value:f}"  # never 0E-9
    return "" if value is None else value
